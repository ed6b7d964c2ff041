import { useState } from "react";
import "../styles/Note.css";
import Form from "./Form.jsx";
import Problem from "./Problem.jsx";

const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "long" });

export const noteFields = (note) => [
  { name: "title", label: "Title", defaultValue: note?.title, autoFocus: Boolean(note) },
  { name: "content", label: "Content", defaultValue: note?.content, as: "textarea", rows: 4 },
];

/** A note, or the form that changes it. */
export default function Note({ note, onChange, onDelete }) {
  const [editing, setEditing] = useState(null);
  const [error, setError] = useState(null);

  const change = (values) => onChange(note, values).then(() => setEditing(false));

  if (editing) {
    return (
      <li className="note">
        <Form fields={noteFields(note)} button="Save" onSubmit={change}>
          <button type="button" onClick={() => setEditing(false)}>Cancel</button>
        </Form>
      </li>
    );
  }
  return (
    <li className="note">
      <h2>{note.title}</h2>
      <p className="content">{note.content}</p>
      <time dateTime={note.created_at}>{day.format(new Date(note.created_at))}</time>
      <Problem error={error} />
      <div className="buttons">
        {/* After an edit the focus comes back to where it began. */}
        <button type="button" autoFocus={editing === false} onClick={() => setEditing(true)}>
          Edit <span className="unseen">{note.title}</span>
        </button>
        <button type="button" onClick={() => onDelete(note).catch(setError)}>
          Delete <span className="unseen">{note.title}</span>
        </button>
      </div>
    </li>
  );
}
