import { useEffect, useRef } from "react";

/**
 * The heading of a page. It takes the focus when the page comes: a screen reader then reads
 * it, and the next Tab goes on from there.
 */
export default function Title({ children }) {
  const heading = useRef(null);
  useEffect(() => {
    document.title = `${children} – Notes`;
    heading.current.focus();
  }, [children]);
  return <h1 ref={heading} tabIndex={-1}>{children}</h1>;
}
