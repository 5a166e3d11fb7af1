/** Calls in the forms of each family: however the text is cut into pieces, and whatever comes instead of a call. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CALLING_ANSWERS, TOOLS } from "../testing/calling-answers";
import { CALL_FORMATS } from "./formats";
import { toolReader } from "./reader";
import type { ToolFormatName } from "./schemas";

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

describe("a call is read in the form of", () => {
  it.each(CALLING_ANSWERS)("%s: %j", (format, answer, text, calls) => {
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
