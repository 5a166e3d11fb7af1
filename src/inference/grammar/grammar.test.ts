import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { utf8 } from "../../core";
import type { AnswerFormat } from "../types";
import { statesOf } from "./index";
import type { State } from "./states";
import { Vocabulary } from "./vocabulary";

function after(start: State, bytes: Uint8Array): State | undefined {
  let state: State | undefined = start;
  for (const byte of bytes) state = state?.after(byte);
  return state;
}

const matches = (format: AnswerFormat, text: string): boolean =>
  after(statesOf(format).start, utf8(text))?.canEnd ?? false;
const regex = (pattern: string): AnswerFormat => ({ type: "regex", pattern });
const grammar = (text: string): AnswerFormat => ({ type: "grammar", grammar: text });
const schema = (value: unknown): AnswerFormat => ({ type: "schema", schema: JSON.stringify(value) });

describe("a regular expression", () => {
  it.each([
    "a|bc",
    "^a(b|c)*$",
    "[^a-c\\d]+",
    "\\w\\s\\S",
    "x{2,3}y?",
    "é+[日-本]",
    ".",
    "(?:ab)+?",
    "[\\-x]",
    "a/b",
    "",
  ])("matches the same texts as in JavaScript: %s", (pattern) => {
    const whole = new RegExp(`^(?:${pattern})$`, "u");
    const texts = fc.string({ unit: fc.constantFrom(...Array.from("abcdxy1 -é日本👍\n/"), ""), maxLength: 5 });
    fc.assert(
      fc.property(texts, (text) => {
        expect(matches(regex(pattern), text)).toBe(whole.test(text));
      }),
    );
  });

  it.each(["(", "a(?=b)", "(a)\\1", "a^b", "\\p{L}", "a{2,1}"])("is refused: %s", (pattern) => {
    expect(() => statesOf(regex(pattern))).toThrow(expect.objectContaining({ code: "bad-request" }));
  });
});

describe("a grammar", () => {
  it("has rules, groups, repetitions, classes, escapes and comments", () => {
    const text = `
      # A sum.
      root ::= term (" + " term)* # and more
      term ::= [0-9]{1,2} | "(" root ")" | quoted?
      quoted ::= '"' [^"\\n]+ "\\""
             | "\\u00e9" . "\\x41"`;
    for (const right of ["1 + 22", "(1 + (2))", '"it is"', "éxA", ""]) expect(matches(grammar(text), right)).toBe(true);
    for (const wrong of ["123", "(1", '"', "é", "1 +  2"]) expect(matches(grammar(text), wrong)).toBe(false);
  });

  it.each([
    ['rot ::= "a"', /no rule “root”/],
    ["root ::= a", /names “a”/],
    ['root ::= root "a" | "b"', /“root” of the grammar begins with itself/],
    ['root ::= a? b\na ::= "x"\nb ::= root', /begins with itself/],
    ["root ::= (", /line 1: “\)” is missing/],
    ['root ::= "a\n', /has no end/],
    ['root ::= "a" )', /has no “\(”/],
    ['root ::= "a" root', /No text has the format/],
    [`root ::= ${"(".repeat(5000)}`, /nested too deep/],
    ['root ::= "a"{1000000000}', /too large/],
  ])("is refused: %s", (text, why) => {
    expect(() => statesOf(grammar(text))).toThrow(why);
  });

  it("that can be read in very many ways ends with an error, not with the device", () => {
    const states = statesOf(regex("(.*a.{300}|.*b.{299})*"));
    const tokens = Array.from({ length: 20_000 }, (_, id) =>
      utf8(id.toString(2).replaceAll("0", "a").replaceAll("1", "b")),
    );
    const vocabulary = new Vocabulary(tokens.length, (id) => tokens[id]!);
    expect(() => {
      let state: State | undefined = states.start;
      for (let step = 0; step < 200 && state; step++) {
        states.beginToken();
        vocabulary.mask(state);
        state = after(state, tokens[(step * 7919) % tokens.length]!);
      }
    }).toThrow(/too many ways/);
  });
});

describe("a vocabulary", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", '"', "{", "}", ":", ",", "1", "é", "👍"), maxLength: 6 });
  const formats = fc.constantFrom<AnswerFormat>(
    { type: "json" },
    regex("(a|bb)*é?"),
    schema({ type: "object", properties: { a: { type: "string", maxLength: 3 } }, required: ["a"] }),
    grammar('root ::= "a" root "b" | "👍"'),
    regex('[^\\x00-\\x1f"\\\\\\x7f]{0,2}"*'),
    regex('[^\\x00-\\x1f"\\\\\\x7f]{1,4}b'),
    regex("[^b]{0,4}"),
    regex("[ab]{2}.{0,3}"),
  );
  /** Some begin or end in the middle of a character. */
  const bytes = fc.tuple(text, fc.nat(2), fc.nat(2)).map(([whole, before, behind]) => {
    const all = utf8(whole);
    return all.slice(before, all.length - behind);
  });

  it("allows exactly the tokens that may follow", () => {
    fc.assert(
      fc.property(
        formats,
        fc.array(bytes, { maxLength: 30 }),
        fc.array(bytes, { maxLength: 4 }),
        (format, tokens, begun) => {
          const vocabulary = new Vocabulary(tokens.length, (id) => tokens[id]!);
          const state = begun.reduce<State>((at, token) => after(at, token) ?? at, statesOf(format).start);
          const mask = vocabulary.mask(state);
          for (const [id, token] of tokens.entries()) {
            const isAllowed = ((mask[id >> 5]! >>> (id & 31)) & 1) === 1;
            expect(isAllowed).toBe(token.length > 0 && after(state, token) !== undefined);
          }
        },
      ),
    );
  });

  it("closes a text from any state, with as many bytes as the state says", () => {
    const bytes = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte));
    const vocabulary = new Vocabulary(256, (id) => bytes[id]!);
    fc.assert(
      fc.property(formats, fc.array(text, { maxLength: 6 }), (format, begun) => {
        const state = begun.reduce<State>((at, token) => after(at, utf8(token)) ?? at, statesOf(format).start);
        const closing: number[] = [];
        for (let at = vocabulary.closing(state); at?.id !== undefined; at = at.rest) closing.push(at.id);
        expect(vocabulary.closing(state)).toHaveLength(state.cost);
        expect(closing).toHaveLength(state.cost);
        expect(after(state, Uint8Array.from(closing))?.canEnd).toBe(true);
        expect([vocabulary.canClose(state, state.cost), vocabulary.canClose(state, state.cost - 1)]).toEqual([
          true,
          false,
        ]);
      }),
    );
  });
});

describe("a schema", () => {
  it.each([
    ['{"type":', /no JSON/],
    ["[]", /has to be an object/],
    ['{"patternProperties":{}}', /“patternProperties” is not supported/],
    ['{"nullable":true}', /“nullable” is not supported/],
    ['{"properties":{"a":{"not":{}}}}', /“not” is not supported/],
    ['{"minLength":"3"}', /“minLength” in the schema has a wrong value/],
    ['{"$ref":"#/$defs/x"}', /nothing at/],
    ['{"$ref":"other.json"}', /is not supported/],
    ['{"$ref":"#"}', /is not supported/],
    ['{"format":"iri"}', /The format “iri” is not supported/],
    ['{"oneOf":[{"type":"integer"},{"type":"number"}]}', /“oneOf” with options that the same value may fit/],
    ['{"type":"string","enum":[1]}', /No text has the format/],
    ["false", /No text has the format/],
    [`${'{"items":'.repeat(3000)}{}${"}".repeat(3000)}`, /not supported|too deep/],
  ])("is refused: %.60s", (text, why) => {
    expect(() => statesOf({ type: "schema", schema: text })).toThrow(why);
  });

  it.each([
    [{ minimum: 0.5, maximum: 12 }, [0.5, 0.51, 1, 9.99, 12], [0.49, 0, 12.01, 13, -1]],
    [{ exclusiveMinimum: -3, exclusiveMaximum: 0 }, [-2.99, -1, -0.01], [-3, 0, 1]],
    [{ type: "integer", minimum: -12, maximum: 105 }, [-12, -9, 0, 99, 105], [-13, 106, 1000, 1.5]],
    [{ type: "integer", exclusiveMaximum: 1e-7 }, [0, -5], [1]],
    [{ minimum: 1e30 }, [], [1]],
  ])("%j allows numbers within its bounds", (bounds, right, wrong) => {
    const format = schema({ type: "number", ...bounds });
    if (right.length === 0) expect(() => statesOf(format)).toThrow(/No text/);
    for (const value of right) expect([value, matches(format, String(value))]).toEqual([value, true]);
    if (right.length > 0)
      for (const value of wrong) expect([value, matches(format, String(value))]).toEqual([value, false]);
  });

  it("names additional properties otherwise than those that it declares", () => {
    const open = schema({
      type: "object",
      properties: { ab: { type: "null" } },
      additionalProperties: { type: "integer" },
    });
    for (const right of ['{"ab":null,"a":1}', '{"abc":1}', '{"":1,"é\\n":2}', "{}"])
      expect(matches(open, right)).toBe(true);
    for (const wrong of ['{"ab":1}', '{"ab":null,"ab":1}', '{"\\u0061b":1}', '{"x":null}']) {
      expect(matches(open, wrong)).toBe(false);
    }
  });
});
