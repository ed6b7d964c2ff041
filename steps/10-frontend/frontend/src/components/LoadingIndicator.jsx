import "../styles/LoadingIndicator.css";

export default function LoadingIndicator({ children = "Loading…" }) {
  return <p className="loading" role="status">{children}</p>;
}
