/** Reads JSON, and calls that are written as objects of JSON. */
import { type Call, type Parts, collected } from "./calls";
import { jsonObject } from "./json";
import { MAX_TOOL_NAME_CHARS, inString, readArray, readObject, readWord } from "./read-values";
import { Malformed, type Reading, type Source } from "./source";

/** Names that models give to the fields of a call. An object that begins with any other field is not meant as one. */
const NAME_FIELDS: readonly string[] = ["name", "function", "tool", "function_name", "tool_name"];
const ARGUMENT_FIELDS: readonly string[] = ["arguments", "parameters"];
const OTHER_FIELDS: readonly string[] = ["type", "id", "index"];

/** Reads a value into the arguments of a call. */
export function* readJsonValue(source: Source, call: Call): Reading<void> {
  const first = yield* source.peek();
  if (first === '"') yield* readString(source, call);
  else if (first === "{") yield* readObject(source, call, readKey, readJsonValue);
  else if (first === "[") yield* readArray(source, call, readJsonValue);
  else yield* readWord(source, call);
}

/** Reads a string. Characters that JSON does not allow in strings are escaped. */
function* readString(source: Source, call: Call): Reading<void> {
  yield* source.expect('"');
  call.write('"');
  call.open('"');
  for (let char = yield* source.peek(); char !== '"'; char = yield* source.peek()) {
    if (char === "") throw new Malformed();
    if (char !== "\\") {
      call.write(inString(yield* source.some(/[^"\\]+/y)));
      continue;
    }
    const next = yield* source.ahead(2);
    const escape = next[1] === "u" ? yield* source.ahead(6) : next;
    if (escape === "\\") throw new Malformed();
    const valid = /^\\(?:["\\/bfnrt]|u[\da-f]{4})$/i.test(escape);
    call.write(valid ? escape : inString("\\"));
    source.skip(valid ? escape.length : 1);
  }
  source.skip();
  call.close();
  call.write('"');
}

function* readKey(source: Source): Reading<string> {
  const key = collected();
  yield* readString(source, key.call);
  return JSON.parse(key.text()) as string;
}

/**
 * Reads one call: an object with the name of a tool, and its arguments. Throws `Malformed` for another object. `sure` is false
 * where no mark says that it is a call.
 */
export function* readCallObject(source: Source, parts: Parts, sure: boolean): Reading<void> {
  const call = parts.call(sure);
  yield* call.reading(readCallFields(source, call));
  if (!sure && !call.written) throw new Malformed();
  call.end();
}

function* readCallFields(source: Source, call: Call): Reading<void> {
  yield* source.expect("{");
  do {
    yield* source.space();
    if ((yield* source.peek()) === "}") break;
    const key = yield* readName(source);
    yield* source.space();
    yield* source.expect(":");
    yield* source.space();
    if (NAME_FIELDS.includes(key)) {
      // OpenAI's own form has the call in a field `function`.
      if ((yield* source.peek()) === "{") yield* readCallFields(source, call);
      else call.name = yield* readName(source);
    } else if (ARGUMENT_FIELDS.includes(key) && !call.written) yield* readArguments(source, call);
    else if (OTHER_FIELDS.includes(key) || call.written) yield* readJsonValue(source, collected().call);
    else throw new Malformed();
    yield* source.space();
  } while ((yield* source.oneOf([","])) !== undefined);
  yield* source.expect("}");
}

/** Arguments are an object. Some models write its JSON text as a string. */
export function* readArguments(source: Source, call: Call): Reading<void> {
  const first = yield* source.peek();
  if (first === "{") {
    yield* readJsonValue(source, call);
    return;
  }
  const value = collected();
  yield* readJsonValue(source, value.call);
  const inner = first === '"' ? (JSON.parse(value.text()) as string) : value.text().replace("null", "{}");
  if (jsonObject(inner) === undefined) throw new Malformed();
  call.write(inner);
}

function* readName(source: Source): Reading<string> {
  yield* source.expect('"');
  const text = yield* source.while(/[^"\\]/, MAX_TOOL_NAME_CHARS);
  yield* source.expect('"');
  return text;
}
