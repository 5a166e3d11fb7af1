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

/** A call as Python writes it. */
export function pythonCall(name: string, args: JsonObject): string {
  const written = (value: unknown): string => {
    if (value === true) return "True";
    if (value === false) return "False";
    if (value === null) return "None";
    if (Array.isArray(value)) return `[${value.map(written).join(", ")}]`;
    if (typeof value !== "object") return JSON.stringify(value);
    return `{${Object.entries(value as JsonObject)
      .map(([key, field]) => `${JSON.stringify(key)}: ${written(field)}`)
      .join(", ")}}`;
  };
  const fields = Object.entries(args).map(([key, value]) => `${key}=${written(value)}`);
  return `${name}(${fields.join(", ")})`;
}

/** A value in which each text is another one, also where it is a key. */
export function withTexts<T>(value: T, change: (text: string) => string): T {
  const changed = (part: unknown): unknown => {
    if (typeof part === "string") return change(part);
    if (Array.isArray(part)) return part.map(changed);
    if (typeof part !== "object" || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([key, field]) => [change(key), changed(field)]));
  };
  return changed(value) as T;
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
