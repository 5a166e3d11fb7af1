import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { AnswerTokens } from "./answer-tokens";
import { DEFAULT_SAMPLING } from "./sampling";
import { CHAT_TEMPLATES } from "./testing/chat-templates";
import { guideFile } from "./testing/node";
import { ChatTokenizer } from "./tokenizer";
import type { GenerationEvent, GenerationRequest, ResumePoint } from "./types";

const VOCABULARY = 2060;
let guide: ChatTokenizer;
/** The guide's words, and tokens that mark thoughts. */
let thinker: ChatTokenizer;
/** A model that has to think first, whose marks are ordinary text. */
let brooder: ChatTokenizer;
let harmony: ChatTokenizer;
/** The same words, cut into other tokens. */
let bytewise: ChatTokenizer;

beforeAll(async () => {
  const [file, config] = [guideFile("tokenizer.json"), guideFile("tokenizer_config.json")];
  guide = await ChatTokenizer.parse({ tokenizer: file, config, template: CHAT_TEMPLATES.qwen3 });
  const json = JSON.parse(file) as { model: { merges: unknown[] }; added_tokens: object[] };
  const few = { ...json, model: { ...json.model, merges: json.model.merges.slice(0, 40) } };
  bytewise = await ChatTokenizer.parse({ tokenizer: JSON.stringify(few), config, template: CHAT_TEMPLATES.qwen3 });
  const marked = (...marks: string[]): string => {
    const added = marks.map((content, at) => ({ id: 2048 + at, content, special: true, normalized: false }));
    return JSON.stringify({ ...json, added_tokens: [...json.added_tokens, ...added] });
  };
  thinker = await ChatTokenizer.parse({
    tokenizer: marked("<think>", "</think>"),
    config,
    template: CHAT_TEMPLATES.qwen3,
  });
  brooder = await ChatTokenizer.parse({ tokenizer: file, config, template: CHAT_TEMPLATES.r1 });
  harmony = await ChatTokenizer.parse({
    tokenizer: marked("<|channel|>", "<|message|>", "<|start|>", "<|end|>", "<|return|>"),
    config: JSON.stringify({ ...(JSON.parse(config) as object), eos_token: "<|return|>" }),
    template: CHAT_TEMPLATES.gptOss,
  });
});

function begin(request: Partial<GenerationRequest>, tokenizer = guide): Promise<AnswerTokens> {
  const messages = [{ role: "user", content: "Hi" }] as const;
  const asked = { model: "m", messages, maxTokens: 60, seed: 1, ...request };
  const sampling = { ...DEFAULT_SAMPLING, temperature: 1 };
  const terms = { name: "M", tokenizer, contextLength: 2000, endIds: new Set(tokenizer.endIds) };
  return AnswerTokens.begin({ ...asked, sampling }, { ...terms, read: (chat) => tokenizer.read(chat, asked) });
}

/** Logits that a model without any sense would give; `wish` are likelier. */
function nonsense(seed: number, position: number, wish: readonly number[] = []): Float32Array {
  let state = (seed * 65_537 + position * 257 + 1) | 0;
  const logits = Float32Array.from({ length: VOCABULARY }, () => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    return ((state >>> 8) & 0xffff) / 0x2000;
  });
  for (const id of wish) logits[id]! += 40;
  return logits;
}

/** The events of an answer to its end. */
function run(answer: AnswerTokens, logitsAt: (position: number) => Float32Array): GenerationEvent[] {
  const events: GenerationEvent[] = [];
  for (let position = 0; !answer.over; position++) events.push(...answer.take(logitsAt(position)).events);
  return [...events, ...answer.end({ cachedTokens: 0, startTime: 0, firstTokenTime: 0 })];
}

const textOf = (events: readonly GenerationEvent[]): string =>
  events.flatMap((event) => (event.type === "token" ? event.text : [])).join("");
const idsOf = (events: readonly GenerationEvent[]): number[] =>
  events.flatMap((event) => ("ids" in event ? event.ids : []));
const thoughtOf = (events: readonly GenerationEvent[]): string =>
  events.flatMap((event) => (event.type === "reasoning" ? event.text : [])).join("");
const reasonOf = (events: readonly GenerationEvent[]): unknown => {
  const last = events.at(-1);
  return last?.type === "done" ? last.finishReason : undefined;
};

const PERSON = {
  type: "object",
  properties: {
    name: { type: "string" },
    age: { type: "integer", minimum: 0, maximum: 130 },
    tags: { type: "array", items: { enum: ["é", "b"] }, maxItems: 3 },
    friend: { anyOf: [{ $ref: "#" }, { type: "null" }] },
  },
  required: ["name", "age", "friend"],
};
const schemaFormat = (schema: unknown) => ({ type: "schema" as const, schema: JSON.stringify(schema) });

describe("an answer in a form", () => {
  it("is what the model says, where that has the form", async () => {
    const text = '{"name":"Ada 👍","age":36,"friend":null}';
    const script = [...guide.encode(text), guide.endIds[0]!];
    const events = run(await begin({ format: schemaFormat(PERSON) }), (at) =>
      nonsense(1, at, script.slice(at, at + 1)),
    );
    expect(textOf(events)).toBe(text);
    expect(reasonOf(events)).toBe("stop");
  });

  it("ends as soon as nothing can follow, without a token for the end", async () => {
    const format = { type: "regex", pattern: "yes|no" } as const;
    const answer = await begin({ format });
    const events = run(answer, (at) => nonsense(3, at));
    expect(["yes", "no"]).toContain(textOf(events));
    expect(reasonOf(events)).toBe("stop");
    expect(idsOf(events)).not.toContain(guide.endIds[0]);
  });

  it.each([
    [{ type: "json" }, /^\{.*\}$/s],
    [{ type: "regex", pattern: "[a-f]{3,8}-\\d+" }, /^[a-f]{3,8}-\d+$/],
    [{ type: "grammar", grammar: 'root ::= "<" word ("," word)* ">"\nword ::= [a-z]+' }, /^<[a-z]+(,[a-z]+)*>$/],
  ] as const)("has the form %j, cut or not", async (format, pattern) => {
    for (let seed = 0; seed < 20; seed++) {
      const events = run(await begin({ format, seed, maxTokens: 30 }), (at) => nonsense(seed, at));
      expect(textOf(events)).toMatch(pattern);
      if (format.type === "json") JSON.parse(textOf(events));
    }
  });

  it("comes behind a thought that a model begins, which is free", async () => {
    const script = [...thinker.encodePrompt("<think>\nHm, {not} JSON.\n</think>\n\n"), ...thinker.encode('{"a":1}')];
    const events = run(await begin({ format: { type: "json" } }, thinker), (at) =>
      nonsense(5, at, script.slice(at, at + 1)),
    );
    expect(textOf(events)).toMatch(/^\{"a":1/);
    JSON.parse(textOf(events));
    expect(thoughtOf(events)).toBe("Hm, {not} JSON.");
  });

  it.each([
    ["a model that may think", () => thinker, "<think>"],
    ["a model that has to think", () => brooder, ""],
    ["a model with channels", () => harmony, "<|channel|>analysis<|message|>"],
  ] as const)("has room behind a thought without an end: %s", async (_, model, begun) => {
    const tokenizer = model();
    const format = { type: "json" } as const;
    const script = tokenizer.encodePrompt(begun);
    const endless = tokenizer.encode("hm ");
    let thoughts = 0;
    for (let maxTokens = 1; maxTokens < 60; maxTokens++) {
      const answer = await begin({ format, maxTokens }, tokenizer).catch((error: unknown) => {
        expect(error).toMatchObject({ code: "bad-request" });
      });
      if (!answer) continue;
      const events = run(answer, (at) =>
        nonsense(maxTokens, at, at < script.length ? script.slice(at, at + 1) : endless),
      );
      expect(JSON.parse(textOf(events))).toBeTypeOf("object");
      expect(idsOf(events).length).toBeLessThanOrEqual(maxTokens);
      if (thoughtOf(events) !== "") thoughts++;
    }
    expect(thoughts).toBeGreaterThan(5);
  });

  it.each([
    ["a model that may think", () => thinker],
    ["a model that has to think", () => brooder],
    ["a model with channels", () => harmony],
  ] as const)("is kept by %s, whatever it would write", async (_, model) => {
    const tokenizer = model();
    for (let seed = 0; seed < 30; seed++) {
      const marks = tokenizer.thoughts.marks.flatMap((mark) => tokenizer.encodePrompt(mark));
      const wish = marks.filter((__, at) => (seed >> (at % 5)) & 1);
      const events = run(await begin({ format: { type: "json" }, seed }, tokenizer), (at) =>
        nonsense(seed, at, at % 2 ? wish : []),
      );
      expect(JSON.parse(textOf(events))).toBeTypeOf("object");
    }
  });

  it("is refused if its shortest text does not fit, with both numbers", async () => {
    await expect(begin({ format: schemaFormat(PERSON), maxTokens: 3 })).rejects.toMatchObject({
      ...{ code: "bad-request", field: "format" },
      message: expect.stringMatching(/has \d+ tokens, but there is room for 3\./) as string,
    });
  });

  it("goes on in the form, wherever another device takes over, with the same tokens or with others", async () => {
    const format = schemaFormat(PERSON);
    for (const seed of [2]) {
      const whole = run(await begin({ format, seed, maxTokens: 50 }), (at) => nonsense(seed, at));
      const pieces = whole.filter((event) => event.type === "token");
      for (let count = 1; count <= pieces.length; count++) {
        const had = pieces.slice(0, count);
        const ids = idsOf(had);
        const resume: ResumePoint = {
          packageHash: "",
          tokenizerHash: guide.hash,
          engine: "onnx",
          backend: "wasm",
          ids,
          idsInText: ids.length,
          text: textOf(had),
        };
        const same = run(await begin({ format, seed, maxTokens: 50, resume }), (at) => nonsense(seed, ids.length + at));
        expect(resume.text + textOf(same)).toBe(textOf(whole));
        const other = run(await begin({ format, seed, maxTokens: 50, resume }, bytewise), (at) => nonsense(seed, at));
        expectValid(PERSON, resume.text + textOf(other));
      }
    }
  });

  it("is refused if the part that is there does not have it", async () => {
    const resume = { packageHash: "", tokenizerHash: "", engine: "onnx", backend: "wasm" } as const;
    await expect(
      begin({ format: schemaFormat(PERSON), resume: { ...resume, ids: [], idsInText: 0, text: '{"nam3' } }),
    ).rejects.toMatchObject({ code: "bad-request", field: "format" });
  });

  it("is valid for any schema, from any model, with any room", async () => {
    const room = fc.integer({ min: 1, max: 60 });
    let answered = 0;
    await fc.assert(
      fc.asyncProperty(schemas, fc.nat(1e6), room, async (schema, seed, maxTokens) => {
        let answer: AnswerTokens;
        try {
          answer = await begin({ format: schemaFormat(schema), seed, maxTokens });
        } catch (error) {
          expect(error).toMatchObject({ code: "bad-request" });
          return;
        }
        answered++;
        const events = run(answer, (at) => nonsense(seed, at));
        expect(idsOf(events).length).toBeLessThanOrEqual(maxTokens);
        expectValid(schema, textOf(events));
      }),
      { numRuns: 150 },
    );
    expect(answered).toBeGreaterThan(50);
  });
});

function expectValid(schema: unknown, text: string): void {
  const ajv = new Ajv2020({ strict: false, ownProperties: true, validateFormats: false, logger: false });
  const value: unknown = JSON.parse(text);
  const isValid = ajv.validate(schema as object, value);
  expect(isValid ? [] : [text, ajv.errors]).toEqual([]);
}

/** Schemas of all kinds that are supported. */
const schemas = fc
  .letrec((tie) => {
    const inner = tie("schema");
    const key = fc.constantFrom("a", "b", "ab", "é", 'q"', "constructor");
    const bound = fc.option(fc.constantFrom(-12.5, -3, 0, 0.25, 7, 1000), { nil: undefined });
    const count = fc.option(fc.nat(3), { nil: undefined });
    const properties = fc.dictionary(key, inner, { maxKeys: 3, noNullPrototype: true });
    const typed = (type: string, fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> =>
      fc.record({ type: fc.constant(type), ...fields }, { requiredKeys: ["type"], noNullPrototype: true });
    return {
      schema: fc.oneof(
        { maxDepth: 3, depthSize: "small" },
        fc.constantFrom({ type: "null" }, { type: "boolean" }, true, {}, { $ref: "#/$defs/x" }),
        fc.record({ enum: fc.uniqueArray(fc.constantFrom(1, -2.5, "x", "é\n", null, true, "xyz"), { minLength: 1 }) }),
        typed("string", { minLength: count, maxLength: count }),
        typed("string", { pattern: fc.constantFrom("^a+$", "b", "^[^x]{2}", "\\d$", "^(x|yy)*$", "^.$", '["\\\\]') }),
        typed("integer", { minimum: bound, maximum: bound }),
        typed("number", { exclusiveMinimum: bound, maximum: bound }),
        typed("array", { items: inner, minItems: count, maxItems: count }),
        typed("array", { prefixItems: fc.array(inner, { minLength: 1, maxLength: 2 }), items: inner, maxItems: count }),
        typed("object", {
          properties,
          required: fc.uniqueArray(key, { maxLength: 2 }),
          additionalProperties: fc.oneof(fc.constant(false), inner),
          minProperties: fc.constantFrom(0, 1),
          maxProperties: count,
        }),
        fc.record({ anyOf: fc.array(inner, { minLength: 1, maxLength: 3 }) }),
        fc.record({ allOf: fc.array(inner, { minLength: 1, maxLength: 2 }), properties }, { requiredKeys: ["allOf"] }),
      ),
    };
  })
  .schema.map((schema) =>
    typeof schema === "object" && schema !== null
      ? (JSON.parse(
          JSON.stringify({ ...schema, $defs: { x: { type: "array", items: schema, maxItems: 2 } } }),
        ) as object)
      : { const: "x" },
  );
