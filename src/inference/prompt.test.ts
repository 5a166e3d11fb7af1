/** Prompts of chats that are longer than the context: what is left out, what is refused, and how much is counted. */
import { describe, expect, it } from "vitest";
import { makePrompt } from "./prompt";
import type { ChatMessage, GenerationRequest } from "./types";

const CONTEXT = 100;
const LONG_CONTEXT = 1000;

/** One token a word; a template that puts two tokens around each message, and one before the answer. */
function model(contextLength = CONTEXT) {
  const counted: number[] = [];
  const encode = (text: string): number[] => {
    counted.push(text.length);
    return [...text.matchAll(/\S+/g)].map((_, index) => index);
  };
  const read = (messages: readonly ChatMessage[]): number[] => [
    ...messages.flatMap(({ content }) => [0, ...encode(content), 0]),
    0,
  ];
  return { counted, terms: { name: "Toy", contextLength, tokenizer: { encode }, read } };
}

const words = (count: number): string => "w ".repeat(count).trim();
const chat = (turns: number, each = 10): ChatMessage[] =>
  Array.from({ length: 2 * turns + 1 }, (_, at) => ({ role: at % 2 ? "assistant" : "user", content: words(each) }));
const request = (messages: readonly ChatMessage[], patch: Partial<GenerationRequest> = {}): GenerationRequest => ({
  model: "toy",
  messages,
  sampling: {},
  maxTokens: 20,
  shorten: true,
  ...patch,
});

describe("a prompt", () => {
  it("holds the whole chat if that fits", () => {
    const { terms } = model();
    expect(makePrompt(request(chat(2)), 0, terms)).toEqual({ ids: terms.read(chat(2)), left: 0 });
  });

  it.each([4, 5, 12, 40, 400])("leaves out the oldest messages of %i turns, and keeps room for the answer", (turns) => {
    const { terms } = model();
    const { ids, left } = makePrompt(request(chat(turns)), 0, terms);
    expect(left).toBeGreaterThan(0);
    // A question comes first, and the last one is still there.
    expect(left % 2).toBe(0);
    expect(left).toBeLessThanOrEqual(2 * turns);
    expect(ids).toEqual(terms.read(chat(turns).slice(left)));
    expect(ids.length).toBeLessThanOrEqual(CONTEXT - 20);
  });

  it("begins alike for several turns in a row, so that the cache stays of use", () => {
    const { terms } = model(LONG_CONTEXT);
    const left = Array.from({ length: 24 }, (_, turn) => makePrompt(request(chat(20 + turn, 20)), 0, terms).left);
    expect(new Set(left).size).toBeLessThan(5);
  });

  it("always holds the system prompt", () => {
    const { terms } = model();
    const system: ChatMessage = { role: "system", content: words(30) };
    const { ids, left } = makePrompt(request([system, ...chat(12)]), 0, terms);
    expect(ids).toEqual(terms.read([system, ...chat(12).slice(left)]));
  });

  it("always holds the last question, and the calls and results behind it", () => {
    const { terms } = model();
    const call: ChatMessage[] = [
      { role: "assistant", content: words(10), toolCalls: [{ id: "1", name: "x", arguments: "{}" }] },
      { role: "tool", content: words(25), toolCallId: "1" },
    ];
    const long = [...chat(12), ...call];
    const { ids, left } = makePrompt(request(long), 0, terms);
    expect(long[left]).toMatchObject({ role: "user" });
    expect(ids).toEqual(terms.read(long.slice(left)));
    // If even that is too long, it is refused instead of being taken apart.
    const tooLong = [...chat(2), ...call, { ...call[1]!, content: words(80) }];
    expect(() => makePrompt(request(tooLong), 0, terms)).toThrow(/Toy reads at most 100/);
  });

  it("makes room for the answer so far", () => {
    const { terms } = model();
    const { ids, left } = makePrompt(request(chat(3), { maxTokens: 60 }), 50, terms);
    expect(left).toBeGreaterThan(0);
    expect(ids.length).toBeLessThan(CONTEXT - 50);
  });

  it("refuses a message that does not fit alone, with both lengths", () => {
    const { terms } = model();
    const long = [...chat(3).slice(0, -1), { role: "user", content: words(150) } as const];
    expect(() => makePrompt(request(long), 0, terms)).toThrow(/^This message has 150 tokens; Toy reads at most 100\./);
    const system: ChatMessage = { role: "system", content: words(90) };
    expect(() => makePrompt(request([system, ...chat(0)]), 0, terms)).toThrow(/the system prompt has 90 tokens/);
  });

  it("refuses a text without end after a look at its beginning, however many turns come before it", () => {
    const { counted, terms } = model();
    const long = [...chat(30).slice(0, -1), { role: "user", content: words(500_000) } as const];
    expect(() => makePrompt(request(long), 0, terms)).toThrow(/has about 500,\d{3} tokens; Toy reads at most 100/);
    expect(counted.reduce((sum, length) => sum + length, 0)).toBeLessThan(20_000);
  });

  it("is refused as a whole unless the request may be shortened", () => {
    const { terms } = model();
    expect(() => makePrompt(request(chat(12), { shorten: false }), 0, terms)).toThrow(
      /conversation has \d+ tokens.*100/,
    );
  });

  it.each([
    ["words", words(500_000)],
    ["one word without end", "w".repeat(1_000_000)],
    ["spaces", " ".repeat(1_000_000)],
  ])("is refused after a look at its beginning, if it may not be shortened: %s", (_, content) => {
    for (const asked of [request([{ role: "user", content }]), request([], { prompt: content })]) {
      const { counted, terms } = model();
      expect(() => makePrompt({ ...asked, shorten: false }, 0, terms)).toThrow(/at most 100 tokens|reads at most 100/);
      expect(counted.reduce((sum, length) => sum + length, 0)).toBeLessThan(20_000);
    }
  });
});
