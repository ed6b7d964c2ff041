import { Fragment } from "react";
import { Navigate } from "react-router";
import { start, useSession } from "../session";
import LoadingIndicator from "./LoadingIndicator.jsx";
import Problem from "./Problem.jsx";
import Title from "./Title.jsx";

/** Shows a page only to someone who is logged in; another user gets a new one. */
export default function ProtectedRoute({ children }) {
  const { status, user, error } = useSession();
  if (status === "in") return <Fragment key={user}>{children}</Fragment>;
  if (status === "out") return <Navigate to="/login" replace />;
  if (status === "unknown") return <LoadingIndicator />;
  return (
    <>
      <Title>No answer</Title>
      <Problem error={error} retry={start} />
    </>
  );
}
