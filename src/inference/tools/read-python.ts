/** Reads calls that are written as a list of calls in Python: `[get_time(zone="UTC"), …]`. */
import { type Call, type Parts, collected } from "./calls";
import { MAX_TOOL_NAME_CHARS, inString, readArray, readField, readMembers, readObject, readWord } from "./read-values";
import { Malformed, type Reading, type Source } from "./source";

/** Quotes, the longer ones first in meaning: two of them are an empty string. */
const QUOTES = ["'''", '"""', "''", '""', "'", '"'];
/** Characters inside a string that stand for themselves. */
const PLAIN = /[^"'\\]+/y;
/** Characters behind a backslash that stand for others. */
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ["n", "\n"],
  ["t", "\t"],
  ["r", "\r"],
  ["b", "\b"],
  ["f", "\f"],
  ["v", "\v"],
  ["0", "\0"],
  ["a", "\u0007"],
  ["\n", ""],
  ["\\", "\\"],
  ["'", "'"],
  ['"', '"'],
]);
/** Numbers of hexadecimal digits behind a letter. */
const CODE_DIGITS: ReadonlyMap<string, number> = new Map([
  ["x", 2],
  ["u", 4],
  ["U", 8],
]);

/** Reads the list, with its brackets. `sure` is false where no mark says that these are calls. */
export function* readPythonCalls(source: Source, parts: Parts, sure: boolean): Reading<void> {
  yield* source.expect("[");
  do {
    yield* source.space();
    if ((yield* source.peek()) === "]") break;
    yield* readPythonCall(source, parts, sure);
    yield* source.space();
  } while ((yield* source.oneOf([","])) !== undefined);
  yield* source.expect("]");
}

function* readPythonCall(source: Source, parts: Parts, sure: boolean): Reading<void> {
  const call = parts.call(sure);
  yield* call.reading(readArguments(source, call));
  call.end();
}

function* readArguments(source: Source, call: Call): Reading<void> {
  call.name = yield* source.while(/[\w.-]/, MAX_TOOL_NAME_CHARS);
  yield* source.expect("(");
  // Held until there is a value: before that, nobody knows whether the arguments have names.
  call.hold("{");
  call.open("}");
  const parts = { key: readKey, between: "=", value: readPython };
  yield* readMembers(source, call, ")", () => readField(source, call, parts));
}

function* readKey(source: Source): Reading<string> {
  const key = yield* source.while(/\w/, MAX_TOOL_NAME_CHARS);
  if (key === "") throw new Malformed();
  return key;
}

/** Reads a value into the arguments of a call. */
function* readPython(source: Source, call: Call): Reading<void> {
  const first = yield* source.peek();
  if (first === "'" || first === '"') yield* readStrings(source, call);
  else if (first === "[") yield* readArray(source, call, readPython);
  else if (first === "(") yield* readArray(source, call, readPython, ")");
  else if (first === "{") yield* readObject(source, call, readStringKey, readPython);
  else yield* readWord(source, call);
}

function* readStringKey(source: Source): Reading<string> {
  const key = collected();
  yield* readStrings(source, key.call);
  return JSON.parse(key.text()) as string;
}

/** A string, or several in a row, which Python takes as one. */
function* readStrings(source: Source, call: Call): Reading<void> {
  let quote = yield* source.expect(...QUOTES);
  call.write('"');
  call.open('"');
  for (let next: string | undefined = quote; next !== undefined; next = yield* source.oneOf(QUOTES)) {
    quote = next;
    if (quote.length !== 2) yield* readString(source, call, quote);
    yield* source.space();
  }
  call.close();
  call.write('"');
}

function* readString(source: Source, call: Call, quote: string): Reading<void> {
  for (let text = yield* source.until([quote], PLAIN); text !== ""; text = yield* source.until([quote], PLAIN)) {
    call.write(inString(text === "\\" ? yield* readEscape(source) : text));
  }
}

/** The text that an escape sequence stands for; a backslash that begins none stands for itself. */
function* readEscape(source: Source): Reading<string> {
  const next = yield* source.peek();
  const digits = CODE_DIGITS.get(next);
  if (digits !== undefined) {
    const sequence = (yield* source.ahead(1 + digits)).slice(1);
    const code = /^[\da-f]+$/i.test(sequence) && sequence.length === digits ? Number.parseInt(sequence, 16) : NaN;
    if (!(code <= 0x10ffff)) return "\\";
    source.skip(1 + digits);
    return String.fromCodePoint(code);
  }
  const plain = ESCAPES.get(next);
  if (plain === undefined) return "\\";
  source.skip();
  return plain;
}
