/** JSON in requests and answers: it comes from programs and models, so it may be anything. */

/** Deeper values could overflow the stack of the code that walks them, such as a chat template. */
const MAX_DEPTH = 64;

/** An object of JSON. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The object that a text holds; undefined if it holds anything else, or one that is nested too deep to be worked with. */
export function jsonObject(text: string): JsonObject | undefined {
  if (nesting(text) > MAX_DEPTH) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

/** JSON with spaces as Python writes it, which models have read in training. */
export function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const fields = Object.entries(value).map(([key, field]) => `${JSON.stringify(key)}: ${pythonJson(field)}`);
  return `{${fields.join(", ")}}`;
}

/** How deep brackets are nested outside of strings. */
function nesting(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [mark] of text.matchAll(/"(?:[^"\\]|\\[^])*"?|[[\]{}]/g)) {
    if (mark === "{" || mark === "[") deepest = Math.max(deepest, ++depth);
    else if (mark === "}" || mark === "]") depth--;
  }
  return deepest;
}
