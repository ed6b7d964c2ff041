import { useEffect, useRef, useState } from "react";
import "../styles/Form.css";
import Field from "./Field.jsx";
import Problem from "./Problem.jsx";

/**
 * A form. `fields` are the properties of each Field, `onSubmit` gets the values and returns a
 * promise; what the server finds wrong is shown beside its field.
 */
export default function Form({ fields, button, onSubmit, children }) {
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const form = useRef(null);

  useEffect(() => {
    form.current.querySelector("[aria-invalid=true]")?.focus();
  }, [error]);

  async function submit(event) {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setError(null);
    try {
      await onSubmit(Object.fromEntries(new FormData(form.current)));
      form.current?.reset();
    } catch (error) {
      setError(error);
    }
    setBusy(false);
  }

  return (
    // The server says what is wrong, in one place and in the same way in every browser.
    <form ref={form} onSubmit={submit} noValidate>
      {fields.map((field) => (
        <Field key={field.name} errors={error?.data?.[field.name]} {...field} />
      ))}
      <Problem error={error} fields={fields.map((field) => field.name)} />
      <div className="buttons">
        <button type="submit" aria-busy={busy}>{busy ? "One moment…" : button}</button>
        {children}
      </div>
    </form>
  );
}
