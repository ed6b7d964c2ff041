import { Link } from "react-router";
import { useSession } from "../session";

export default function Header() {
  const { status } = useSession();
  return (
    <header>
      <Link className="name" to="/">Notes</Link>
      <nav aria-label="Account">
        {status === "in" && <Link to="/logout">Log out</Link>}
        {status === "out" && <Link to="/login">Log in</Link>}
        {status === "out" && <Link to="/register">Register</Link>}
      </nav>
    </header>
  );
}
