/** Answers of models that choose at random, with tools: their calls are valid, in the form of each family and in any room. */
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { AnswerTokens } from "./answer-tokens";
import { DEFAULT_SAMPLING } from "./sampling";
import { FAMILY_VOCABULARY, type ToolFamily, familyTokenizer } from "./testing/family-tokenizer";
import type { ChatTokenizer } from "./tokenizer";
import { type Tool, type ToolFormatName, toolReader } from "./tools";
import type { GenerationEvent, GenerationRequest } from "./types";

const FAMILIES: readonly [ToolFamily, ToolFormatName][] = [
  ["qwen25", "hermes"],
  ["qwen3Coder", "qwen-xml"],
  ["llama32", "llama-json"],
  ["mistralV3", "mistral-list"],
  ["ministral3", "mistral-args"],
  ["phi4", "phi4"],
  ["granite33", "granite"],
  ["lfm2", "lfm2"],
  ["deepseekV3", "deepseek"],
  ["gemma4", "gemma4"],
  ["functionGemma", "function-gemma"],
  ["gptOss", "harmony"],
];
const SCHEMAS: Readonly<Record<string, object>> = {
  get_weather: {
    type: "object",
    properties: {
      city: { type: "string", enum: ["Paris", 'Zürich "main"'] },
      days: { type: "integer" },
      detail: { type: "string" },
      on: { type: "boolean" },
      tags: { type: "array", items: { type: "number" }, maxItems: 2 },
    },
    required: ["city", "on"],
  },
  place: {
    properties: { at: { $ref: "#/$defs/point" } },
    required: ["at"],
    $defs: { point: { type: "object", properties: { x: { type: "number" } }, required: ["x"] } },
  },
  stop: { type: "object", properties: {} },
};
const TOOLS: readonly Tool[] = [
  ...Object.entries(SCHEMAS).map(([name, schema]) => ({ name, parameters: JSON.stringify(schema) })),
  { name: "none" },
];
const FORM = {
  type: "schema",
  schema: '{"type": "object", "properties": {"a": {"type": "boolean"}}, "required": ["a"]}',
} as const;
/** All marks of calls. */
const MARKS = Array.from({ length: 20 }, (_, at) => FAMILY_VOCABULARY - 1 - at);
const ajv = new Ajv2020({ strict: false });

function begin(tokenizer: ChatTokenizer, request: Partial<GenerationRequest>): Promise<AnswerTokens> {
  const messages = [{ role: "user", content: "Hi" }] as const;
  const asked = { model: "m", messages, maxTokens: 120, seed: 1, tools: TOOLS, ...request };
  const sampling = { ...DEFAULT_SAMPLING, temperature: 1 };
  const terms = { name: "M", tokenizer, contextLength: 5000, endIds: new Set(tokenizer.endIds) };
  return AnswerTokens.begin({ ...asked, sampling }, { ...terms, read: (chat) => tokenizer.read(chat, asked) });
}

/** The events of a model without any sense, to which `wish` are likelier. */
function run(answer: AnswerTokens, seed: number, wish: readonly number[] = []): GenerationEvent[] {
  const events: GenerationEvent[] = [];
  for (let position = 0; !answer.over; position++) {
    let state = (seed * 65_537 + position * 257 + 1) | 0;
    const logits = Float32Array.from({ length: FAMILY_VOCABULARY }, () => {
      state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
      return ((state >>> 8) & 0xffff) / 0x2000;
    });
    for (const id of wish) logits[id]! += 10;
    events.push(...answer.take(logits).events);
  }
  return [...events, ...answer.end({ cachedTokens: 0, startTime: 0, firstTokenTime: 0 })];
}

const textOf = (events: readonly GenerationEvent[]): string =>
  events.flatMap((event) => (event.type === "token" ? event.text : [])).join("");

/** The calls of an answer, which have to be valid. */
function callsOf(events: readonly GenerationEvent[], format: ToolFormatName): { text: string; names: string[] } {
  const reader = toolReader(format, TOOLS);
  const calls: { name: string; json: string }[] = [];
  let text = "";
  for (const part of [...reader.push(textOf(events)), ...reader.flush(true)]) {
    if (part.type === "call") calls.push({ name: part.name, json: "" });
    else if (part.type === "arguments") calls[part.index]!.json += part.text;
    else text += part.text;
  }
  for (const { name, json } of calls) {
    const args: unknown = JSON.parse(json);
    expect(TOOLS.map((tool) => tool.name)).toContain(name);
    const schema = { type: "object", ...(SCHEMAS[name] ?? { maxProperties: 0 }) };
    expect([args, ajv.validate(schema, args), ajv.errors]).toEqual([args, true, null]);
  }
  return { text, names: calls.map(({ name }) => name) };
}

describe.each(FAMILIES)("a random model with the template of %s", (family, format) => {
  it("calls a tool where one is required, with valid arguments", async () => {
    const tokenizer = await familyTokenizer(family, format);
    expect(tokenizer.abilities?.tools).toBe(format);
    for (let seed = 0; seed < 4; seed++) {
      const maxTokens = 60 + 20 * seed;
      const { text, names } = callsOf(
        run(await begin(tokenizer, { toolChoice: "required", seed, maxTokens }), seed),
        format,
      );
      expect(names.length).toBeGreaterThan(0);
      expect(text).toBe("");
    }
  });

  it("calls the tool that is named, and only once if it may not call several", async () => {
    const tokenizer = await familyTokenizer(family, format);
    for (let seed = 0; seed < 4; seed++) {
      const answer = await begin(tokenizer, { toolChoice: { name: "place" }, parallelToolCalls: false, seed });
      expect(callsOf(run(answer, seed), format)).toEqual({ text: "", names: ["place"] });
    }
  });

  it("calls only tools that exist, with valid arguments, if it wants to call any", async () => {
    const tokenizer = await familyTokenizer(family, format);
    const begins = { "llama-json": '{"', hermes: "<tool_call>", harmony: " to=functions." } as const;
    const open = tokenizer.encodePrompt(format in begins ? begins[format as keyof typeof begins] : "<");
    let calls = 0;
    for (let seed = 0; seed < 4; seed++) {
      const wish = [...open, ...MARKS];
      calls += callsOf(run(await begin(tokenizer, { seed, maxTokens: 200 }), seed, wish), format).names.length;
    }
    if (!["hermes", "qwen-xml", "llama-json"].includes(format)) expect(calls).toBeGreaterThan(0);
  });
});

describe("tools", () => {
  it("are refused if a strict schema cannot be honoured, and called with any object otherwise", async () => {
    const tokenizer = await familyTokenizer("qwen25", "hermes");
    const tool = { name: "odd", parameters: '{"type": "object", "patternProperties": {"^a": {}}}' };
    const strict = [{ ...tool, strict: true }];
    await expect(begin(tokenizer, { tools: strict })).rejects.toMatchObject({ code: "bad-request", field: "tools" });
    const format = { type: "regex", pattern: "(?=a)" } as const;
    const both = begin(tokenizer, { tools: [tool], format });
    await expect(both).rejects.toMatchObject({ code: "bad-request", field: "format" });
    const events = run(await begin(tokenizer, { tools: [tool], toolChoice: "required", parallelToolCalls: false }), 3);
    expect(textOf(events)).toMatch(/^<tool_call>\n\{"name": "odd", "arguments": \{/);
  });

  it("are refused if there is no room for a call that has to come", async () => {
    const tokenizer = await familyTokenizer("qwen25", "hermes");
    const tight = begin(tokenizer, { toolChoice: "required", maxTokens: 5 });
    await expect(tight).rejects.toMatchObject({ code: "bad-request", field: "tools" });
  });

  it.each<[ToolFamily, ToolFormatName]>([
    ["qwen25", "hermes"],
    ["lfm2", "lfm2"],
    ["llama32", "llama-json"],
    ["gptOss", "harmony"],
  ])("are called, or else the answer has the form that is asked for: %s", async (family, name) => {
    const tokenizer = await familyTokenizer(family, name);
    const seen = new Set<string>();
    for (let seed = 0; seed < 10; seed++) {
      const request = { format: FORM, seed, parallelToolCalls: false, maxTokens: 60 + 10 * seed };
      const { text, names } = callsOf(run(await begin(tokenizer, request), seed), name);
      seen.add(names.length > 0 ? "call" : "answer");
      expect(names.length).toBeLessThan(2);
      if (names.length === 0) expect(JSON.parse(text)).toEqual({ a: expect.any(Boolean) as boolean });
      else expect(text).toBe("");
    }
    expect([...seen].sort()).toEqual(["answer", "call"]);
  });

  it.each<[ToolFamily, ToolFormatName, string]>([
    ["qwen25", "hermes", '<tool_call>\n{"name": "place", "argu'],
    ["gptOss", "harmony", "<|start|>assistant<|channel|>commentary to=functions.place <|constrain|>json<|message|>{"],
  ])("are called in an answer that another device began, or it keeps to its form: %s", async (family, name, call) => {
    const tokenizer = await familyTokenizer(family, name);
    const point = { packageHash: "", tokenizerHash: "another", engine: "onnx", backend: "wasm", ids: [] } as const;
    for (const begun of [call, '{"a":', ""]) {
      const resume = { ...point, idsInText: 0, text: begun, reasoning: name === "harmony" ? "Hm." : "" };
      const answer = await begin(tokenizer, { format: FORM, resume, parallelToolCalls: false });
      const { text, names } = callsOf([{ type: "token", text: begun, ids: [] }, ...run(answer, 1)], name);
      if (begun === call) expect(names).toEqual(["place"]);
      if (begun === '{"a":') expect(names).toEqual([]);
      if (names.length === 0) expect(JSON.parse(text)).toEqual({ a: expect.any(Boolean) as boolean });
      else expect(text).toBe("");
    }
  });

  it("go on in the form of another family that began to call one", async () => {
    const tokenizer = await familyTokenizer("lfm2", "lfm2");
    const begun = { text: '<tool_call>\n{"name": "place", "argu', ids: [], idsInText: 0 } as const;
    const from = { packageHash: "", tokenizerHash: "another", engine: "onnx", backend: "wasm" } as const;
    const answer = await begin(tokenizer, { format: FORM, resume: { ...from, ...begun } });
    expect(textOf(run(answer, 1))).not.toBe("");
  });

  it("are called in time behind a thought without an end, where a call has to come", async () => {
    const tokenizer = await familyTokenizer("gptOss", "harmony");
    const begun = tokenizer.encodePrompt("<|channel|>analysis<|message|>");
    const endless = tokenizer.encode("hm ä");
    for (const [toolChoice, least] of [["required", 70] as const, [{ name: "stop" }, 200] as const]) {
      for (let maxTokens = least; maxTokens < least + 8; maxTokens++) {
        const answer = await begin(tokenizer, { toolChoice, maxTokens });
        const events: GenerationEvent[] = [];
        for (let at = 0; !answer.over; at++) {
          const logits = new Float32Array(FAMILY_VOCABULARY);
          logits[begun[at] ?? endless[at % endless.length]!] = 40;
          events.push(...answer.take(logits).events);
        }
        events.push(...answer.end({ cachedTokens: 0, startTime: 0, firstTokenTime: 0 }));
        expect(callsOf(events, "harmony")).toMatchObject({ text: "", names: [expect.any(String)] });
        // With room to spare, the thought is ended in time for the whole call.
        if (toolChoice !== "required") expect(events.at(-1)).toMatchObject({ finishReason: "stop" });
        expect(events.flatMap((event) => (event.type === "reasoning" ? event.text : [])).join("")).toContain("ähm ä");
      }
    }
  });
});
