/**
 * How models write calls of tools. Each format is named after a family; others that were trained alike write the same.
 * The forms are those of the families' published chat templates and model cards.
 */
import type { Parts } from "./calls";
import { type JsonObject, pythonCall } from "./json";
import { readGemmaCall } from "./read-gemma";
import { readArguments, readCallObject } from "./read-json";
import { readPythonCalls } from "./read-python";
import { MAX_TOOL_NAME_CHARS } from "./read-values";
import { type SchemaOf, readXmlCall } from "./read-xml";
import type { ToolFormatName } from "./schemas";
import { Malformed, type Reading, type Source } from "./source";

/** A call of an earlier answer. */
interface WrittenCall {
  readonly name: string;
  /** JSON text. */
  readonly arguments: string;
  /** The object that it holds; undefined if it holds none. */
  readonly value: JsonObject | undefined;
}

/** One way to write calls. */
export interface CallFormat {
  /** Marks with which calls begin. */
  readonly opens: readonly string[];
  /** True if calls may begin without a mark, at the beginning of an answer. */
  readonly bare: boolean;
  /** Control tokens that calls consist of; without them, the text of a call could not be read. */
  readonly marks: readonly string[];
  /** Control tokens that end an answer with calls. */
  readonly ends: readonly string[];
  /** Calls in this form, for templates that describe tools but leave out the calls of earlier answers. */
  written?(calls: readonly WrittenCall[]): string;
  /** Reads calls, behind the mark `open`; "" where there is none. */
  read(source: Source, parts: Parts, open: string, schemaOf: SchemaOf): Reading<void>;
}

/** Most characters of the header of a message that is a call. */
const MAX_HEADER_CHARS = 300;

/** Calls as objects of JSON behind a mark, one or a list of them, with or without a mark at the end. */
function json(
  open: string,
  close: string | undefined,
  special: { readonly ends?: readonly string[] } = {},
): CallFormat {
  return {
    opens: [open],
    bare: false,
    marks: close === undefined ? [open] : [open, close],
    ends: special.ends ?? [],
    *read(source, parts) {
      yield* source.space();
      yield* readObjects(source, parts, true);
      if (close !== undefined) yield* readClose(source, close);
    },
    written: (calls) => {
      const objects = calls.map((call) => `{"name": ${JSON.stringify(call.name)}, "arguments": ${call.arguments}}`);
      return `${open}[${objects.join(", ")}]${close ?? ""}`;
    },
  };
}

/** One call, several in a row, or a list of calls. */
function* readObjects(source: Source, parts: Parts, sure: boolean): Reading<void> {
  const list = (yield* source.oneOf(["["])) !== undefined;
  for (;;) {
    yield* source.space();
    yield* readCallObject(source, parts, sure);
    const from = source.at;
    yield* source.space();
    // Llama puts semicolons between calls.
    const more = list ? yield* source.oneOf([","]) : yield* source.oneOf([";", ","]);
    yield* source.space();
    if (more === undefined || (yield* source.peek()) !== "{") {
      if (!list) source.seek(from);
      break;
    }
  }
  if (list) yield* source.expect("]");
}

/** Goes on behind the mark at the end, if it is there. Small models write a bracket too many before it. */
function* readClose(source: Source, close: string): Reading<void> {
  const from = source.at;
  yield* source.while(/[\s}\]]/);
  if ((yield* source.oneOf([close])) === undefined) source.seek(from);
}

/** Qwen2.5, Qwen3, Hermes, SmolLM3, Granite 4: `<tool_call>{"name": …, "arguments": …}</tool_call>`. */
const hermes = json("<tool_call>", "</tool_call>");

/** Qwen3-Coder and Qwen3.5: an element for each argument, usually inside `<tool_call>`. */
const qwenXml: CallFormat = {
  opens: ["<tool_call>", "<function="],
  bare: false,
  marks: ["<tool_call>", "</tool_call>"],
  ends: [],
  *read(source, parts, open, schemaOf) {
    yield* source.space();
    // Without an element, it is a call in the form of older models.
    if (open === "<function=" || (yield* source.oneOf(["<function="])) !== undefined)
      yield* readXmlCall(source, parts, schemaOf);
    else yield* readObjects(source, parts, true);
    yield* readClose(source, "</tool_call>");
  },
};

/** Llama 3.1 to 3.3: `{"name": …, "parameters": …}` as the whole answer, or behind a mark. */
const llamaJson: CallFormat = {
  opens: ["<|python_tag|>"],
  bare: true,
  marks: ["<|python_tag|>"],
  ends: ["<|eom_id|>"],
  read: (source, parts, open) => readObjects(source, parts, open !== ""),
};

/** Llama 4 and Llama 3.2 with lists of functions in the system message: `[get_time(zone="UTC")]` as the whole answer. */
const pythonic: CallFormat = {
  opens: ["<|python_start|>", "<|python_tag|>"],
  bare: true,
  marks: ["<|python_start|>", "<|python_end|>", "<|python_tag|>"],
  ends: ["<|eom_id|>", "<|eom|>"],
  *read(source, parts, open) {
    yield* source.space();
    yield* readPythonCalls(source, parts, open !== "");
    yield* readClose(source, "<|python_end|>");
  },
  written: pythonCalls,
};

/** LFM2: `<|tool_call_start|>[get_time(zone="UTC")]<|tool_call_end|>`, or objects of JSON between these marks. */
const lfm2: CallFormat = {
  opens: ["<|tool_call_start|>"],
  bare: false,
  marks: ["<|tool_call_start|>", "<|tool_call_end|>"],
  ends: [],
  *read(source, parts) {
    yield* source.space();
    const isJson = /^\[?\s*\{/.test(yield* source.ahead(2)) || (yield* source.peek()) === "{";
    yield* isJson ? readObjects(source, parts, true) : readPythonCalls(source, parts, true);
    yield* readClose(source, "<|tool_call_end|>");
  },
  written: (calls) => `<|tool_call_start|>${pythonCalls(calls)}<|tool_call_end|>`,
};

function pythonCalls(calls: readonly WrittenCall[]): string {
  return `[${calls.map(({ name, value = {} }) => pythonCall(name, value)).join(", ")}]`;
}

/** Mistral: `[TOOL_CALLS][{"name": …, "arguments": …}]`, and since Small 3.2 `[TOOL_CALLS]get_time[ARGS]{…}`. */
const mistral: CallFormat = {
  opens: ["[TOOL_CALLS]"],
  bare: false,
  marks: ["[TOOL_CALLS]", "[CALL_ID]", "[ARGS]"],
  ends: [],
  *read(source, parts) {
    yield* source.space();
    if (/^[[{]$/.test(yield* source.peek())) {
      yield* readObjects(source, parts, true);
      return;
    }
    const call = parts.call(true);
    const reader = function* (): Reading<void> {
      call.name = (yield* source.while(/[\w.-]/, MAX_TOOL_NAME_CHARS)).trim();
      if ((yield* source.oneOf(["[CALL_ID]"])) !== undefined) yield* source.while(/\w/, MAX_TOOL_NAME_CHARS);
      yield* source.oneOf(["[ARGS]"]);
      yield* source.space();
      yield* readArguments(source, call);
    };
    yield* call.reading(reader());
    call.end();
  },
};

/** gpt-oss: a message in the channel `commentary` to the tool, which is named before or behind the channel. */
const harmony: CallFormat = {
  opens: ["<|start|>", "<|channel|>", " to=functions.", "to=functions."],
  bare: false,
  marks: ["<|start|>", "<|channel|>", "<|constrain|>", "<|message|>", "<|end|>"],
  ends: ["<|call|>"],
  *read(source, parts, open) {
    const from = source.at;
    while ((yield* source.oneOf(["<|message|>"])) === undefined) {
      if ((yield* source.peek()) === "" || source.at - from > MAX_HEADER_CHARS) throw new Malformed();
      source.skip();
    }
    const name = /to=functions\.([\w.-]+)/.exec(open + source.since(from))?.[1];
    if (name === undefined) throw new Malformed();
    const call = parts.call(true);
    call.name = name;
    yield* source.space();
    yield* call.reading(readArguments(source, call));
    call.end();
    yield* source.oneOf(["<|call|>", "<|end|>"]);
  },
};

/** DeepSeek V3, R1 and V3.1, with or without a block of code around the arguments. */
const deepseek: CallFormat = {
  opens: ["<｜tool▁calls▁begin｜>", "<｜tool▁call▁begin｜>"],
  bare: false,
  marks: [
    "<｜tool▁calls▁begin｜>",
    "<｜tool▁call▁begin｜>",
    "<｜tool▁sep｜>",
    "<｜tool▁call▁end｜>",
    "<｜tool▁calls▁end｜>",
  ],
  ends: [],
  *read(source, parts, open) {
    let begun = open === "<｜tool▁call▁begin｜>";
    for (;;) {
      yield* source.space();
      if (!begun && (yield* source.oneOf(["<｜tool▁call▁begin｜>"])) === undefined) break;
      begun = false;
      const call = parts.call(true);
      yield* call.reading(
        readDeepseekCall(
          source,
          (name) => (call.name = name),
          () => readArguments(source, call),
        ),
      );
      call.end();
      yield* readClose(source, "<｜tool▁call▁end｜>");
    }
    yield* source.oneOf(["<｜tool▁calls▁end｜>"]);
  },
};

function* readDeepseekCall(
  source: Source,
  named: (name: string) => void,
  readObject: () => Reading<void>,
): Reading<void> {
  const first = (yield* source.while(/[\w.-]/, MAX_TOOL_NAME_CHARS)).trim();
  yield* source.expect("<｜tool▁sep｜>");
  // The older form has the word `function` in the place of the name, and the name behind it.
  const older = first === "function" && (yield* source.peek()) !== "{";
  named(older ? yield* source.while(/[\w.-]/, MAX_TOOL_NAME_CHARS) : first);
  yield* source.space();
  const fenced = (yield* source.oneOf(["```json", "```"])) !== undefined;
  yield* source.space();
  yield* readObject();
  if (fenced) {
    yield* source.space();
    yield* source.oneOf(["```"]);
  }
}

/** Gemma's own notation, between marks. */
function gemma(open: string, close: string, quote: string, end: string): CallFormat {
  return {
    opens: [open],
    bare: false,
    marks: [open, close, quote],
    ends: [end],
    *read(source, parts) {
      yield* readGemmaCall(source, parts, quote);
      yield* readClose(source, close);
    },
  };
}

export const CALL_FORMATS: Readonly<Record<ToolFormatName, CallFormat>> = {
  hermes,
  "qwen-xml": qwenXml,
  "llama-json": llamaJson,
  pythonic,
  "mistral-list": mistral,
  "mistral-args": mistral,
  /** Phi-4-mini. */
  phi4: json("<|tool_call|>", "<|/tool_call|>"),
  harmony,
  lfm2,
  /** Granite 3. */
  granite: json("<|tool_call|>", undefined),
  deepseek,
  "function-gemma": gemma("<start_function_call>", "<end_function_call>", "<escape>", "<start_function_response>"),
  gemma4: gemma("<|tool_call>", "<tool_call|>", '<|"|>', "<|tool_response>"),
  generic: hermes,
};
