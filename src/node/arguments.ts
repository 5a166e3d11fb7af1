/** Checks the arguments that pages and scripts give to the methods of the API. */
import * as v from "valibot";
import { MicrogridError } from "../core";

/** An argument that has to be a text. */
export const TextArgument = v.string("a text");
/** An argument that has to be an object; its fields are checked elsewhere. */
export const FieldsArgument = v.looseObject({}, "an object");

/**
 * Checks one argument of the method that `name` names. Throws `bad-request`. A schema's own messages complete the sentence
 * “it has to be …”.
 */
export function checkArgument(schema: v.GenericSchema, value: unknown, name: string): void {
  const { issues } = v.safeParse(schema, value, { abortEarly: true });
  if (!issues) return;
  const [{ message, expected, received }] = issues;
  const where = v.getDotPath(issues[0]);
  const subject = where === null ? "an argument" : `“${where}”`;
  const wanted = message.startsWith("Invalid ") ? expected : message;
  throw new MicrogridError("bad-request", `${name}: ${subject} has to be ${wanted}, but is ${received}.`, {
    cause: issues,
    field: where ?? undefined,
  });
}
