import { useId } from "react";

/** A label, its input, and the server's messages about it. `as="textarea"` for long texts. */
export default function Field({ label, errors, as: Input = "input", ...input }) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <Input id={id} aria-invalid={Boolean(errors)} aria-describedby={`${id}-errors`} {...input} />
      <div id={`${id}-errors`} role="alert">
        {errors?.map((text) => <p key={text}>{text}</p>)}
      </div>
    </div>
  );
}
