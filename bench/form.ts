/** The format that benchmarks ask for. */
import type { AnswerFormat } from "../src/inference";

/** Twenty fields of all kinds, all required. */
const FIELDS = [
  { type: "string", maxLength: 20 },
  { type: "integer", minimum: 0 },
  { enum: ["alpha", "beta", "gamma"] },
  { type: "array", items: { type: "number" }, maxItems: 2 },
  { type: "boolean" },
];
const NAMES = Array.from({ length: 20 }, (_, at) => `field${at}`);

/** A schema of 20 fields. An engine keeps what it knows of a schema; with another `comment`, it is a new one. */
export function twentyFields(comment = ""): AnswerFormat {
  const schema = {
    $comment: comment,
    type: "object",
    properties: Object.fromEntries(NAMES.map((name, at) => [name, FIELDS[at % FIELDS.length]])),
    required: NAMES,
  };
  return { type: "schema", schema: JSON.stringify(schema) };
}
