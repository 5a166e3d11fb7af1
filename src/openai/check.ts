/** Checks requests, and says in a sentence which field is wrong. */
import * as v from "valibot";
import { MicrogridError } from "../core";

/** Parses the body of a request. Throws `bad-request`, whose message names the field; `fieldOf` gives it to programs. */
export function checked<S extends v.GenericSchema>(schema: S, body: unknown): v.InferOutput<S> {
  const result = v.safeParse(schema, body);
  if (result.success) return result.output;
  const { issue, field } = innermost(result.issues[0]);
  throw new FieldError(field, sentence(issue, field));
}

/** Refuses a field for a reason that no schema can say. */
export function refusedField(field: string, why: string): MicrogridError {
  return new FieldError(field, `“${field}” cannot be used. ${why}`);
}

/** An error of the node about a field, with the same code and message. */
export function aboutField(field: string, { code, message }: MicrogridError): MicrogridError {
  return new FieldError(field, message, code);
}

/** The field that a request was refused for, such as `messages.0.content`; undefined for other errors. */
export function fieldOf(error: unknown): string | undefined {
  return error instanceof FieldError && error.field !== "" ? error.field : undefined;
}

/** A request was refused for one of its fields; empty for the request as a whole. */
class FieldError extends MicrogridError {
  readonly field: string;

  constructor(field: string, message: string, code: MicrogridError["code"] = "bad-request") {
    super(code, message);
    this.field = field;
  }
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

function sentence({ type, expected, received, message }: v.BaseIssue<unknown>, field: string): string {
  if (field === "") return "The request has to be an object with the fields of OpenAI’s API.";
  if (type === "strict_object" && expected === "never") return `“${field}” is not a field that Microgrid knows here.`;
  if (received === "undefined") return `“${field}” is missing from the request.`;
  // The library's own messages name types; ours are sentences.
  const own = message.startsWith("Invalid ") ? `It has to be ${expected}, and it is ${received}` : message;
  return `“${field}” cannot be used. ${own}.`;
}
