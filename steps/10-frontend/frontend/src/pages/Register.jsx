import { Link, useNavigate } from "react-router";
import Form from "../components/Form.jsx";
import Title from "../components/Title.jsx";
import { send } from "../http";

const fields = [
  { name: "username", label: "Username", autoComplete: "username", autoCapitalize: "none" },
  { name: "password", label: "Password", type: "password", autoComplete: "new-password" },
];

export default function Register() {
  const navigate = useNavigate();

  async function register(values) {
    const { username } = await send("POST", "/api/user/register/", { body: values });
    const notice = `Welcome, ${username}. You can log in now.`;
    navigate("/login", { state: { notice } });
  }

  return (
    <>
      <Title>Register</Title>
      <Form fields={fields} button="Register" onSubmit={register} />
      <p>You have an account? <Link to="/login">Log in</Link></p>
    </>
  );
}
