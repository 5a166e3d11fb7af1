/** Reads calls as Qwen3-Coder writes them: `<function=get_time>`, and for each argument `<parameter=zone>`, its value, `</parameter>`. */
import type { Call, Parts } from "./calls";
import { argumentSchemas, isText } from "./argument-schemas";
import { type JsonObject, jsonObject } from "./json";
import { MAX_TOOL_NAME_CHARS, inString } from "./read-values";
import type { Reading, Source } from "./source";

const PARAMETER = "<parameter=";
/** The line break before the end is not part of the value. */
const VALUE_ENDS = ["\n</parameter>", "\r\n</parameter>", "</parameter>"];

/** Characters with which no end begins. */
const PLAIN = /[^<\r\n]+/y;

/** The schema of the arguments of a tool; undefined if it is not known. */
export type SchemaOf = (tool: string) => JsonObject | undefined;

/** Reads one call, behind `<function=`. Values are texts, unless the schema of the tool says otherwise. */
export function* readXmlCall(source: Source, parts: Parts, schemaOf: SchemaOf): Reading<void> {
  const call = parts.call(true);
  yield* call.reading(readArguments(source, call, schemaOf));
  call.end();
}

function* readArguments(source: Source, call: Call, schemaOf: SchemaOf): Reading<void> {
  const name = yield* source.while(/[\w.-]/, MAX_TOOL_NAME_CHARS);
  yield* source.expect(">");
  call.name = name;
  const schemas = argumentSchemas(schemaOf(name));
  call.hold("{");
  call.open("}");
  for (let separator = ""; ; separator = ", ") {
    yield* source.space();
    if ((yield* source.oneOf([PARAMETER])) === undefined) break;
    const key = yield* source.while(/[^\n>]/, MAX_TOOL_NAME_CHARS);
    yield* source.expect(">");
    call.hold(`${separator}${JSON.stringify(key)}: `);
    yield* readValue(source, call, isText(schemas.get(key) ?? {}));
  }
  yield* source.expect("</function>");
}

function* readValue(source: Source, call: Call, asText: boolean): Reading<void> {
  yield* source.oneOf(["\n", "\r\n"]);
  let text = "";
  if (asText) {
    call.write('"');
    call.open('"');
  }
  for (let more = yield* source.until(VALUE_ENDS, PLAIN); more !== ""; more = yield* source.until(VALUE_ENDS, PLAIN)) {
    if (asText) call.write(inString(more));
    else text += more;
  }
  if (asText) call.close();
  call.write(asText ? '"' : jsonOf(text));
}

/** The value that a text stands for; the text itself if it stands for nothing else. */
function jsonOf(text: string): string {
  const plain = text.trim();
  const known = { True: "true", False: "false", None: "null" }[plain] ?? plain;
  // Inside an object, since the limits are those of objects.
  const inside = jsonObject(`{"value":${known}}`);
  return inside !== undefined && Object.keys(inside).length === 1 ? JSON.stringify(inside.value) : JSON.stringify(text);
}
