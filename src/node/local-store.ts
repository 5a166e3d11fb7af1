/** Small values that outlive a page. Storage may be refused (private mode, embedded frames): nothing is kept then, and everything else works. */

/** `local` outlives the tab, `session` only a reload of it. */
type Span = "local" | "session";

/** Undefined removes the value. */
export function writeKept(span: Span, key: string, value: unknown): void {
  try {
    if (value === undefined) storageOf(span).removeItem(key);
    else storageOf(span).setItem(key, JSON.stringify(value));
  } catch {
    // Nothing depends on it.
  }
}

/** The parsed value, or undefined if there is none; check it with a schema. */
export function readKept(span: Span, key: string): unknown {
  try {
    return JSON.parse(storageOf(span).getItem(key) ?? "null");
  } catch {
    return undefined;
  }
}

// The mere access may throw.
function storageOf(span: Span): Storage {
  return span === "local" ? localStorage : sessionStorage;
}
