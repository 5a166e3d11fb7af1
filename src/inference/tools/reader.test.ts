/** Calls in the forms of each family: however the text is cut into pieces, and whatever comes instead of a call. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CALL_FORMATS } from "./formats";
import { toolReader } from "./reader";
import type { Tool, ToolFormatName } from "./schemas";

const TOOLS: readonly Tool[] = [
  {
    name: "get_weather",
    parameters: JSON.stringify({
      type: "object",
      properties: {
        city: { type: "string" },
        days: { type: "integer" },
        options: { type: "object" },
        on: { type: "boolean" },
      },
    }),
  },
  { name: "stop" },
];

interface Read {
  readonly text: string;
  readonly calls: readonly { readonly name: string; readonly arguments: string }[];
}

/** The text and the calls that a reader finds in the pieces of an answer. */
function read(format: ToolFormatName, pieces: readonly string[], complete = true, either = false): Read {
  const reader = toolReader(format, TOOLS, { either });
  const calls: { name: string; arguments: string }[] = [];
  let text = "";
  for (const part of [...pieces.flatMap((piece) => reader.push(piece)), ...reader.flush(complete)]) {
    if (part.type === "text") text += part.text;
    else if (part.type === "call") {
      expect(part.index).toBe(calls.length);
      calls.push({ name: part.name, arguments: "" });
    } else calls[part.index]!.arguments += part.text;
  }
  return { text, calls };
}

const weather = (args: object) => ({ name: "get_weather", arguments: args });
const stop = { name: "stop", arguments: {} };
const paris = { city: "Paris", days: 3 };
const rich = {
  city: 'Frankfurt "Main"\n{}',
  days: -1.5e3,
  options: { list: [1, [true, null], {}], "a b": "\\" },
  on: false,
};
const RICH = JSON.stringify(rich);

const ANSWERS: readonly [ToolFormatName, string, string, readonly object[]][] = [
  [
    "hermes",
    `Let me see.\n<tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris", "days": 3}}\n</tool_call>`,
    "Let me see.",
    [weather(paris)],
  ],
  [
    "hermes",
    `<tool_call>\n{"name": "get_weather", "arguments": ${RICH}}\n</tool_call>\n<tool_call>\n{"name": "stop", "arguments": {}}\n</tool_call>`,
    "",
    [weather(rich), stop],
  ],
  // Fields in another order, arguments as a string, no arguments, a bracket too many, no end.
  ["hermes", `<tool_call>{"arguments": ${RICH}, "name": "get_weather"}</tool_call>`, "", [weather(rich)]],
  [
    "hermes",
    `<tool_call>{"name": "get_weather", "arguments": ${JSON.stringify(RICH)}}</tool_call>`,
    "",
    [weather(rich)],
  ],
  ["hermes", `<tool_call>{"name": "stop"}</tool_call> Done.`, " Done.", [stop]],
  ["hermes", `<tool_call>{"name": "stop", "arguments": null}}</tool_call>`, "", [stop]],
  ["hermes", `<tool_call>{"name": "get_weather", "arguments": {"city": "Paris", "days": 3,}}`, "", [weather(paris)]],
  [
    "hermes",
    `<tool_call>{"type": "function", "function": {"name": "get_weather", "arguments": {"city": "a\nb", "on": True}}}`,
    "",
    [weather({ city: "a\nb", on: true })],
  ],
  [
    "generic",
    `<tool_call>[{"name": "stop", "arguments": {}}, {"name": "get_weather", "arguments": {"days": 0}}]</tool_call>`,
    "",
    [stop, weather({ days: 0 })],
  ],
  [
    "qwen-xml",
    `Yes.\n\n<tool_call>\n<function=get_weather>\n<parameter=city>\nParis\n</parameter>\n<parameter=days>\n3\n</parameter>\n</function>\n</tool_call>`,
    "Yes.",
    [weather(paris)],
  ],
  [
    "qwen-xml",
    `<tool_call>\n<function=get_weather>\n<parameter=city>\n${rich.city}\n</parameter>\n<parameter=days>-1.5e3</parameter><parameter=options>\n${JSON.stringify(rich.options)}\n</parameter>\n<parameter=on>\nFalse\n</parameter>\n</function>\n</tool_call>\n<tool_call>\n<function=stop>\n</function>\n</tool_call>`,
    "",
    [weather(rich), stop],
  ],
  [
    "qwen-xml",
    `<function=get_weather>\n<parameter=city>\n7\n</parameter>\n<parameter=days>\nsoon\n</parameter>\n</function>`,
    "",
    [weather({ city: "7", days: "soon" })],
  ],
  ["llama-json", `{"name": "get_weather", "parameters": ${RICH}}`, "", [weather(rich)]],
  [
    "llama-json",
    `<|python_tag|>{"type": "function", "name": "get_weather", "parameters": {"days": 3}}; {"name": "stop", "parameters": {}}`,
    "",
    [weather({ days: 3 }), stop],
  ],
  ["pythonic", `[get_weather(city="Paris", days=3), stop()]`, "", [weather(paris), stop]],
  [
    "pythonic",
    `<|python_start|>[get_weather(city='Frankfurt "Main"\\n{}', days=-1.5e3, options={'list': [1, (True, None), {}], "a b": "\\\\"}, on=False,)]<|python_end|>`,
    "",
    [weather(rich)],
  ],
  [
    "pythonic",
    `[get_weather(city="a" 'b' """c\n"d" """, days=+1_000)]`,
    "",
    [weather({ city: 'abc\n"d" ', days: 1000 })],
  ],
  ["pythonic", `[get_weather(city="\\u00e4\\x41\\U0001f600\\q\\'")]`, "", [weather({ city: "äA😀\\q'" })]],
  [
    "lfm2",
    `<|tool_call_start|>[get_weather(city="Paris", days=3)]<|tool_call_end|>Checking now.`,
    "Checking now.",
    [weather(paris)],
  ],
  ["lfm2", `<|tool_call_start|>[{"name": "get_weather", "arguments": ${RICH}}]<|tool_call_end|>`, "", [weather(rich)]],
  [
    "mistral-list",
    `[TOOL_CALLS] [{"name": "get_weather", "arguments": {"city": "Paris", "days": 3}, "id": "abcdefghi"}, {"name": "stop", "arguments": {}}]`,
    "",
    [weather(paris), stop],
  ],
  [
    "mistral-args",
    `One moment.[TOOL_CALLS]get_weather[CALL_ID]abcdefghi[ARGS]${RICH}[TOOL_CALLS]stop[ARGS]{}`,
    "One moment.",
    [weather(rich), stop],
  ],
  ["mistral-args", `[TOOL_CALLS]get_weather{"city": "Paris", "days": 3}`, "", [weather(paris)]],
  ["phi4", `<|tool_call|>[{"name": "get_weather", "arguments": ${RICH}}]<|/tool_call|>`, "", [weather(rich)]],
  [
    "granite",
    `<|tool_call|>[{"name": "get_weather", "arguments": {"city": "Paris", "days": 3}}, {"name": "stop", "arguments": {}}]`,
    "",
    [weather(paris), stop],
  ],
  [
    "harmony",
    `<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>${RICH}<|call|>`,
    "",
    [weather(rich)],
  ],
  ["harmony", ` to=functions.stop<|channel|>commentary json<|message|>{}`, "", [stop]],
  [
    "harmony",
    `Wait.<|start|>assistant to=functions.get_weather<|channel|>commentary <|constrain|>json<|message|>{"city":"Paris","days":3}`,
    "Wait.",
    [weather(paris)],
  ],
  [
    "deepseek",
    `Fine.<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather\n\`\`\`json\n${RICH}\n\`\`\`<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>stop\n\`\`\`json\n{}\n\`\`\`<｜tool▁call▁end｜><｜tool▁calls▁end｜>`,
    "Fine.",
    [weather(rich), stop],
  ],
  [
    "deepseek",
    `<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>{"city": "Paris", "days": 3}<｜tool▁call▁end｜><｜tool▁calls▁end｜>`,
    "",
    [weather(paris)],
  ],
  [
    "function-gemma",
    `<start_function_call>call:get_weather{city:<escape>Paris<escape>,days:3}<end_function_call><start_function_call>call:stop{}<end_function_call>`,
    "",
    [weather(paris), stop],
  ],
  [
    "gemma4",
    `<|tool_call>call:get_weather{city:<|"|>Frankfurt "Main"\n{}<|"|>,days:-1.5e3,options:{list:[1,[true,null],{}],<|"|>a b<|"|>:<|"|>\\<|"|>},on:false}<tool_call|>`,
    "",
    [weather(rich)],
  ],
];

describe("a call is read in the form of", () => {
  it.each(ANSWERS)("%s: %j", (format, answer, text, calls) => {
    const whole = read(format, [answer]);
    expect(whole.calls.map((call) => ({ ...call, arguments: JSON.parse(call.arguments) as unknown }))).toEqual(calls);
    expect(whole.text).toBe(text);
    expect(read(format, answer.split(""))).toEqual(whole);
    for (let at = 1; at < answer.length; at++) {
      expect(read(format, [answer.slice(0, at), answer.slice(at)])).toEqual(whole);
    }
  });

  it("arguments while they come", () => {
    const reader = toolReader("hermes", TOOLS);
    reader.push('<tool_call>{"name": "get_weather", "arguments": {');
    expect(reader.push('"city": "Par')).toEqual([{ type: "arguments", index: 0, text: '"city": "Par' }]);
    expect(reader.push("is")).toEqual([{ type: "arguments", index: 0, text: "is" }]);
  });
});

describe("text that is no call", () => {
  it.each<[ToolFormatName, string]>([
    ["hermes", "<tool_call>get_weather</tool_call>"],
    ["hermes", 'Write <tool_call>{"city": "Paris"}</tool_call> \n'],
    ["hermes", "<tool_call"],
    ["llama-json", '{"city": "Paris", "name": "get_weather", "parameters": {}}'],
    ["llama-json", '{"name": "unknown", "parameters": {}}'],
    ["llama-json", 'Call {"name": "stop", "parameters": {}}'],
    ["pythonic", "[1, 2, 3]"],
    ["pythonic", '[print("hello")]'],
    ["pythonic", '[get_weather("Paris")]'],
    ["harmony", "to=functions.stop is how calls begin"],
    ["mistral-list", "[TOOL_CALLS] none"],
    ["gemma4", "<|tool_call>nothing<tool_call|>"],
    ["qwen-xml", "<function=a b></function>"],
  ])("stays text in %s: %j", (format, text) => {
    expect(read(format, [text])).toEqual({ text, calls: [] });
    expect(read(format, text.split(""))).toEqual({ text, calls: [] });
  });

  it("follows a call that it breaks off, whose arguments are completed", () => {
    expect(read("hermes", ['<tool_call>{"name": "stop", "arguments": {"a": [1, {"b": "c" oops}</tool_call>'])).toEqual({
      text: "oops}</tool_call>",
      calls: [{ name: "stop", arguments: '{"a": [1, {"b": "c"}]}' }],
    });
    expect(read("pythonic", ["[stop(), stop(a=[1, 'x"])).toEqual({
      text: "",
      calls: [
        { name: "stop", arguments: "{}" },
        { name: "stop", arguments: '{"a": [1, "x"]}' },
      ],
    });
    expect(read("granite", ['<|tool_call|>[{"name": "stop", "arguments": {}}, nothing else'])).toEqual({
      text: ", nothing else",
      calls: [{ name: "stop", arguments: "{}" }],
    });
  });

  it("is kept where an answer is cut, except for the beginning of a mark and of a call", () => {
    expect(read("hermes", ["Yes. <tool_"], false)).toEqual({ text: "Yes. ", calls: [] });
    expect(read("hermes", ['Yes. <tool_call>{"name": "st'], false)).toEqual({ text: "Yes.", calls: [] });
    expect(read("llama-json", ['{"name": "st'], false).text).toBe('{"name": "st');
    expect(read("hermes", ['<tool_call>{"name": "stop", "arguments": {"a": [1, "b'], false).calls).toEqual([
      { name: "stop", arguments: '{"a": [1, "b' },
    ]);
  });
});

describe("anything at all", () => {
  const formats = Object.keys(CALL_FORMATS) as ToolFormatName[];
  const JSON_PIECES = [
    '{"name": "stop", "arguments": ',
    '"parameters": {',
    '{"a": ',
    '"b"',
    "[1, ",
    "}",
    "]",
    '"',
    ",",
    ":",
    "\\",
    "\\u12",
  ];
  const OTHER_PIECES = [
    "stop(",
    "a=",
    ")",
    "'",
    "call:stop{",
    "<function=stop>",
    "<parameter=a>",
    "</parameter>",
    "</function>",
    "</tool_call>",
    "<|message|>",
    "[ARGS]",
    "stop",
    " ",
    "\n",
    "-1.",
    "True",
    "ä😀",
    "\u0000",
  ];
  const pieces = (format: ToolFormatName): fc.Arbitrary<string[]> =>
    fc.array(
      fc.oneof(
        fc.constantFrom(...CALL_FORMATS[format].opens, ...CALL_FORMATS[format].marks, ...JSON_PIECES, ...OTHER_PIECES),
        fc.string({ maxLength: 3 }),
      ),
      { maxLength: 30 },
    );

  it.each(formats)("is read in %s without an error or a loss, and arguments are objects", (format) => {
    fc.assert(
      fc.property(pieces(format), (parts) => {
        const answer = parts.join("");
        const whole = read(format, [answer]);
        for (const call of whole.calls) expect(JSON.parse(call.arguments)).toEqual(expect.any(Object));
        if (whole.calls.length === 0) expect(whole.text).toBe(answer);
        expect(read(format, parts)).toEqual(whole);
        expect(read(format, answer.split(""))).toEqual(whole);
        read(format, parts, false);
      }),
      { numRuns: 200 },
    );
  });

  it("does not overflow where values are nested without end, and reads long arguments", () => {
    expect(read("hermes", ['<tool_call>{"name": "stop", "arguments": ', '{"a":'.repeat(100_000)]).calls).toHaveLength(
      1,
    );
    const long = JSON.stringify({ a: "x".repeat(300_000) });
    const answer = `<tool_call>{"name": "stop", "arguments": ${long}}</tool_call>`;
    expect(JSON.parse(read("hermes", answer.match(/[^]{1,7}/g)!).calls[0]!.arguments)).toEqual(JSON.parse(long));
  });
});

describe("an answer that calls tools or says something", () => {
  it.each<[ToolFormatName, string]>([
    ["qwen-xml", "<function=stop>\n</function>"],
    ["lfm2", "<|tool_call_start|>[stop()]<|tool_call_end|>"],
    ["harmony", "<|start|>assistant to=functions.stop<|channel|>commentary json<|message|>{}"],
  ])("has calls at its beginning only: %s", (format, call) => {
    const said = `{"a":"${call}"}`;
    expect(read(format, [said]).calls).toHaveLength(1);
    for (const pieces of [[said], Array.from(said)]) {
      expect(read(format, pieces, true, true)).toEqual({ text: said, calls: [] });
      expect(read(format, pieces, false, true)).toEqual({ text: said, calls: [] });
    }
    expect(read(format, [call], true, true)).toEqual({ text: "", calls: [{ name: "stop", arguments: "{}" }] });
  });
});
