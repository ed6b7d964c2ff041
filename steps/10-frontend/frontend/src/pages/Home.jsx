import { useEffect, useState } from "react";
import { api } from "../api";
import Form from "../components/Form.jsx";
import LoadingIndicator from "../components/LoadingIndicator.jsx";
import Note, { noteFields } from "../components/Note.jsx";
import Problem from "../components/Problem.jsx";
import Title from "../components/Title.jsx";

export default function Home() {
  const [notes, setNotes] = useState(null);
  const [error, setError] = useState(null);
  const [said, say] = useState("");

  const load = () => {
    setError(null);
    api("GET", "/api/notes/").then(setNotes, setError);
  };
  useEffect(load, []);

  async function create(values) {
    const note = await api("POST", "/api/notes/", values);
    setNotes((notes) => [...notes, note]);
    say(`“${note.title}” is saved.`);
  }

  async function change(note, values) {
    const changed = await api("PUT", `/api/notes/${note.id}/`, values);
    setNotes((notes) => notes.map((other) => (other.id === note.id ? changed : other)));
    say(`“${changed.title}” is changed.`);
  }

  async function remove(note) {
    await api("DELETE", `/api/notes/${note.id}/`).catch((error) => {
      // Another tab was faster: gone is gone.
      if (error.status !== 404) throw error;
    });
    setNotes((notes) => notes.filter((other) => other.id !== note.id));
    say(`“${note.title}” is deleted.`);
    // Its button had the focus.
    document.querySelector("h1").focus();
  }

  return (
    <>
      <Title>Your notes</Title>
      <p className="said" role="status">{said}</p>
      <Problem error={error} retry={load} />
      {!notes && !error && <LoadingIndicator />}
      {notes && (
        <>
          {notes.length === 0 && <p>There are none yet.</p>}
          <ul className="notes">
            {notes.map((note) => (
              <Note key={note.id} note={note} onChange={change} onDelete={remove} />
            ))}
          </ul>
          <h2>New note</h2>
          <Form fields={noteFields()} button="Add note" onSubmit={create} />
        </>
      )}
    </>
  );
}
