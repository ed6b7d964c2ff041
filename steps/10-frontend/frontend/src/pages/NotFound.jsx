import { Link } from "react-router";
import Title from "../components/Title.jsx";

export default function NotFound() {
  return (
    <>
      <Title>Not found</Title>
      <p>There is no page at this address. <Link to="/">To your notes</Link></p>
    </>
  );
}
