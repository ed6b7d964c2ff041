import { Link, Navigate, useLocation } from "react-router";
import Form from "../components/Form.jsx";
import Title from "../components/Title.jsx";
import { logIn, useSession } from "../session";

const fields = [
  { name: "username", label: "Username", autoComplete: "username", autoCapitalize: "none" },
  { name: "password", label: "Password", type: "password", autoComplete: "current-password" },
];

export default function Login() {
  const { status, notice } = useSession();
  const { state } = useLocation();
  if (status === "in") return <Navigate to="/" replace />;
  return (
    <>
      <Title>Log in</Title>
      <p className="said" role="status">{notice ?? state?.notice}</p>
      <Form
        fields={fields}
        button="Log in"
        onSubmit={({ username, password }) => logIn(username, password)}
      />
      <p>No account yet? <Link to="/register">Register</Link></p>
    </>
  );
}
