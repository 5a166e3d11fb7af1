/** Checks requests, and says in a sentence which field is wrong. */
import * as v from "valibot";
import { MicrogridError } from "../core";

/**
 * Parses the body of a request. Throws `bad-request`, whose message names the field, as its `field` does. `nameOf` says how a client
 * calls what is at a path of the body.
 */
export function checked<S extends v.GenericSchema>(
  schema: S,
  body: unknown,
  nameOf = (path: string): string => path,
): v.InferOutput<S> {
  const result = v.safeParse(schema, body);
  if (result.success) return result.output;
  const { issue, field: path } = innermost(result.issues[0]);
  const field = nameOf(path);
  throw new MicrogridError("bad-request", sentence(issue, field), { field: field || undefined });
}

/** Refuses a field for a reason that no schema can say. */
export function refusedField(field: string, why: string): MicrogridError {
  return new MicrogridError("bad-request", `“${field}” cannot be used. ${why}`, { field });
}

/**
 * The issue that says most. A field of several kinds has one issue for each kind; the kind that was meant is the one whose
 * issue lies furthest inside.
 */
function innermost(
  issue: v.BaseIssue<unknown>,
  above: readonly string[] = [],
): { issue: v.BaseIssue<unknown>; field: string } {
  const path = [...above, ...(issue.path ?? []).map(({ key }) => String(key))];
  const within = issue.type === "union" ? (issue.issues ?? []).filter((inner) => (inner.path?.length ?? 0) > 0) : [];
  const [deepest] = within.sort((a, b) => b.path!.length - a.path!.length);
  return deepest ? innermost(deepest, path) : { issue, field: path.join(".") };
}

function sentence(issue: v.BaseIssue<unknown>, field: string): string {
  const { type, expected, received, message } = issue;
  if (field === "") return "The request has to be an object with the fields of OpenAI’s API.";
  if (type === "strict_object" && expected === "never") return `“${field}” is not a field that Microgrid knows here.`;
  if (received === "undefined") return `“${field}” is missing from the request.`;
  // The library's own messages name types; ours are sentences.
  const own = message.startsWith("Invalid ") ? `It has to be ${wanted(issue)}, and it is ${received}` : message;
  return `“${field}” cannot be used. ${own}.`;
}

/** The limits of values, in words: the library has only signs for them. */
const LIMITS: Readonly<Record<string, (limit: string) => string>> = {
  integer: () => "a whole number",
  min_value: (limit) => `${limit} or more`,
  max_value: (limit) => `${limit} or less`,
  min_length: (limit) => `of length ${limit} or more`,
  max_length: (limit) => `of length ${limit} or less`,
  max_entries: (limit) => `of ${limit} entries or less`,
};

function wanted({ type, expected, requirement }: v.BaseIssue<unknown>): string {
  const limit = LIMITS[type]?.(String(requirement));
  return limit ?? (expected ?? "something else").replace(/^\((.*)\)$/, "$1").replaceAll(" | ", " or ");
}
