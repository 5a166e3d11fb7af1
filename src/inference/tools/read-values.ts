/** Reads what all notations have in common: lists and objects with commas between their members, numbers and constants. */
import type { Call } from "./calls";
import { Malformed, type Reading, type Source } from "./source";

/** Values nested deeper are no arguments. */
const MAX_DEPTH = 64;
/** Most characters of a word or a number. */
const MAX_WORD_CHARS = 400;
/** Most characters of a name. */
export const MAX_TOOL_NAME_CHARS = 256;

/** Constants, as JSON and as Python write them; models mix them up. */
const CONSTANTS: ReadonlyMap<string, string> = new Map([
  ["true", "true"],
  ["false", "false"],
  ["null", "null"],
  ["True", "true"],
  ["False", "false"],
  ["None", "null"],
]);

/** Reads a value into the arguments of a call. */
export type ReadValue = (source: Source, call: Call) => Reading<void>;

/** The text of characters inside a string of JSON. Half a character, whose other half follows, stays what it is. */
export function inString(text: string): string {
  return text.replace(/["\\\u0000-\u001f]/g, (char) => JSON.stringify(char).slice(1, -1));
}

/** Reads a list, with its brackets. */
export function* readArray(source: Source, call: Call, value: ReadValue, close = "]"): Reading<void> {
  source.skip();
  nest(call, "]");
  call.write("[");
  yield* readMembers(source, call, close, () => value(source, call));
  call.close();
  call.write("]");
}

/** Reads an object, with its braces. */
export function* readObject(
  source: Source,
  call: Call,
  key: (source: Source) => Reading<string>,
  value: ReadValue,
): Reading<void> {
  yield* source.expect("{");
  nest(call, "}");
  call.write("{");
  yield* readMembers(source, call, "}", () => readField(source, call, { key, between: ":", value }));
  call.close();
  call.write("}");
}

/** Reads members up to `close`, and a comma at their end, too. */
export function* readMembers(source: Source, call: Call, close: string, member: () => Reading<void>): Reading<void> {
  let separator = "";
  do {
    yield* source.space();
    if ((yield* source.peek()) === close) break;
    call.hold(separator);
    yield* member();
    separator = ", ";
    yield* source.space();
  } while ((yield* source.oneOf([","])) !== undefined);
  yield* source.expect(close);
}

/** Reads a key and its value. */
export function* readField(
  source: Source,
  call: Call,
  parts: { key: (source: Source) => Reading<string>; between: string; value: ReadValue },
): Reading<void> {
  const key = yield* parts.key(source);
  yield* source.space();
  yield* source.expect(parts.between);
  yield* source.space();
  // Goes out with the first character of the value, since a key alone cannot be completed.
  call.hold(`${JSON.stringify(key)}: `);
  yield* parts.value(source, call);
}

/** Reads a number or a constant. */
export function* readWord(source: Source, call: Call): Reading<void> {
  const word = yield* source.while(/[\w.+-]/, MAX_WORD_CHARS);
  const constant = CONSTANTS.get(word);
  if (constant !== undefined) call.write(constant);
  else if (/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(word)) call.write(word);
  else {
    // Such as `+1`, `.5` and `1_000`.
    const number = /^[-+]?[\d_]*\.?[\d_]*(?:e[+-]?\d+)?$/i.test(word) ? Number(word.replaceAll("_", "")) : NaN;
    if (!/\d/.test(word) || !Number.isFinite(number)) throw new Malformed();
    call.write(String(number));
  }
}

function nest(call: Call, end: string): void {
  if (call.depth >= MAX_DEPTH) throw new Malformed();
  call.open(end);
}
