/**
 * What went wrong, in a live region: it is read aloud when it comes. Messages of a form's own
 * `fields` stand beside these.
 */
export default function Problem({ error, fields = [], retry }) {
  return (
    <div role="alert" className={error ? "problem" : undefined}>
      {error && sentences(error, fields).map((text) => <p key={text}>{text}</p>)}
      {error && retry && <button type="button" onClick={retry}>Try again</button>}
    </div>
  );
}

function sentences(error, fields) {
  if (!error.data || error.data.detail) return [error.message];
  const others = Object.entries(error.data).filter(([name]) => !fields.includes(name));
  return others.length > 0 ? others.flatMap(([, texts]) => texts) : [error.message];
}
