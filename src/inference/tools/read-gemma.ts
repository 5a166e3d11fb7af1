/** Reads calls as Gemma writes them: `call:get_time{zone:<escape>UTC<escape>,hour:7}`, with marks as quotes. */
import type { Call, Parts } from "./calls";
import { readJsonValue } from "./read-json";
import { MAX_TOOL_NAME_CHARS, type ReadValue, inString, readArray, readObject } from "./read-values";
import type { Reading, Source } from "./source";

/** Characters with which no mark begins. */
const PLAIN = /[^<]+/y;

/** Reads one call. `quote` is the mark before and after texts. */
export function* readGemmaCall(source: Source, parts: Parts, quote: string): Reading<void> {
  const call = parts.call(true);
  yield* call.reading(readArguments(source, call, quote));
  call.end();
}

function* readArguments(source: Source, call: Call, quote: string): Reading<void> {
  yield* source.space();
  yield* source.expect("call:");
  call.name = yield* source.while(/[\w.-]/, MAX_TOOL_NAME_CHARS);

  function* readKey(): Reading<string> {
    const quoted = yield* source.oneOf([quote, '"']);
    const key = yield* source.while(quoted === undefined ? /[^\s:{}[\],<]/ : /[^<"]/, MAX_TOOL_NAME_CHARS);
    if (quoted !== undefined) yield* source.expect(quoted);
    return key;
  }

  const readValue: ReadValue = function* () {
    const first = yield* source.peek();
    if (first === "{") yield* readObject(source, call, readKey, readValue);
    else if (first === "[") yield* readArray(source, call, readValue);
    else if ((yield* source.oneOf([quote])) !== undefined) yield* readText(source, call, quote);
    else yield* readJsonValue(source, call);
  };

  yield* readObject(source, call, readKey, readValue);
}

/** Reads a text behind its first mark. Nothing in it is escaped. */
function* readText(source: Source, call: Call, quote: string): Reading<void> {
  call.write('"');
  call.open('"');
  for (let text = yield* source.until([quote], PLAIN); text !== ""; text = yield* source.until([quote], PLAIN)) {
    call.write(inString(text));
  }
  call.close();
  call.write('"');
}
