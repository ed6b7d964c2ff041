import { useEffect, useState } from "react";
import { Navigate } from "react-router";
import LoadingIndicator from "../components/LoadingIndicator.jsx";
import Problem from "../components/Problem.jsx";
import Title from "../components/Title.jsx";
import { logOut } from "../session";

export default function Logout() {
  const [done, setDone] = useState(false);
  const [error, setError] = useState(null);

  const leave = () => {
    setError(null);
    logOut().then(() => setDone(true), setError);
  };
  useEffect(leave, []);

  if (done) return <Navigate to="/login" replace />;
  return (
    <>
      <Title>Log out</Title>
      <Problem error={error} retry={leave} />
      {!error && <LoadingIndicator>Logging out…</LoadingIndicator>}
    </>
  );
}
