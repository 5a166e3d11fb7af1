import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { guideFile } from "../testing/node";
import { AnswerText } from "./answer-text";
import { StreamDetokenizer } from "./detokenizer";
import { thoughtFormat } from "./thoughts";
import { ChatTokenizer } from "./tokenizer";

let tokenizer: ChatTokenizer;
const decode = (ids: readonly number[]): string => tokenizer.decode(ids);

beforeAll(async () => {
  tokenizer = await ChatTokenizer.parse({
    tokenizer: guideFile("tokenizer.json"),
    config: guideFile("tokenizer_config.json"),
    template: undefined,
  });
});

/** Text with characters of one to four bytes, and joined ones. */
const texts = fc.oneof(fc.string({ unit: "grapheme" }), fc.string({ unit: "binary" }), fc.constant("né 日本語 👩‍👩‍👧 ok"));

describe("StreamDetokenizer", () => {
  it("emits the text in pieces of whole characters, each with its own ids", () => {
    fc.assert(
      fc.property(texts, (text) => {
        const ids = tokenizer.encode(text);
        const stream = new StreamDetokenizer(decode);
        const pieces = ids.map((id) => stream.push(id)).filter((piece) => piece !== undefined);
        const rest = stream.flush();
        const all = rest ? [...pieces, rest] : pieces;
        expect(all.flatMap((piece) => piece.ids)).toEqual(ids);
        expect(all.map((piece) => piece.text).join("")).toBe(tokenizer.decode(ids).replace(/\ufffd+$/u, ""));
        if (!tokenizer.decode(ids).includes("\ufffd")) {
          for (const piece of all) expect(piece.text).not.toContain("\ufffd");
        }
      }),
    );
  });

  it("does not wait forever for bytes that never become a character", () => {
    const stream = new StreamDetokenizer(decode);
    const lone = tokenizer.encode("日")[0] ?? 0; // the first byte of three
    const pieces = Array.from({ length: 30 }, () => stream.push(lone)).filter((piece) => piece !== undefined);
    expect(pieces.length).toBeGreaterThan(0);
  });
});

/** The text of an answer with thoughts in tags. */
function answerText(stop: readonly string[] = []): AnswerText {
  return new AnswerText({ decode, stop, reader: thoughtFormat((text) => text === "<think>").reader("") });
}

/** Everything that an answer of these ids gives out, in order. */
function given(answer: AnswerText, ids: readonly number[], { complete } = { complete: true }) {
  return [...ids.flatMap((id) => answer.push(id)), ...answer.flush(complete)];
}

const textOf = (pieces: readonly { type: string; text: string }[], type = "token"): string =>
  pieces
    .filter((piece) => piece.type === type)
    .map((piece) => piece.text)
    .join("");

/** Text without the marks of thoughts, which are read on their own below. */
const plain = texts.filter((text) => !text.includes("<"));

describe("AnswerText", () => {
  const stopsOf = (text: string, from: number, length: number): string =>
    Array.from(text)
      .slice(from, from + length)
      .join("");

  it("cuts at the first stop string to be completed, and emits no part of it", () => {
    fc.assert(
      fc.property(plain, fc.nat(20), fc.integer({ min: 1, max: 6 }), fc.nat(20), (text, from, length, other) => {
        const ids = tokenizer.encode(text);
        const whole = tokenizer.decode(ids);
        const stop = [stopsOf(whole, from, length), stopsOf(whole, other, 2)].filter((value) => value !== "");
        const answer = answerText(stop);
        let out = "";
        for (const id of ids) {
          out += textOf(answer.push(id));
          expect(whole.startsWith(out)).toBe(true);
          if (answer.stopped) break;
        }
        out += textOf(answer.flush(true));
        // The answer ends with the first token that completes a stop string.
        const shown = ids.map((_, count) => tokenizer.decode(ids.slice(0, count + 1)));
        const end = shown.find(
          (value, at) => (at === ids.length - 1 || !value.endsWith("\ufffd")) && stop.some((s) => value.includes(s)),
        );
        const cuts = stop.map((value) => (end ?? "").indexOf(value)).filter((at) => at >= 0);
        expect(out).toBe(cuts.length > 0 ? whole.slice(0, Math.min(...cuts)) : whole);
      }),
    );
  });

  it("emits each id once, with its log probability", () => {
    for (const text of ["one two three END four", "<think>one two</think>three FIX"]) {
      const ids = tokenizer.encode(text);
      const answer = answerText(["three FIN"]);
      const pieces = ids.flatMap((id) =>
        answer.push(id, { id, text: "", bytes: new Uint8Array(), logprob: -1, top: [] }),
      );
      const all = [...pieces, ...answer.flush(true)];
      expect(all.flatMap((piece) => piece.ids)).toEqual(ids);
      for (const piece of all) expect(piece.logprobs?.map((entry) => entry.id) ?? []).toEqual(piece.ids);
    }
  });

  it("emits thoughts apart, in which no stop string counts", () => {
    const all = given(answerText(["two"]), tokenizer.encode("<think>\none two\n</think>\n\nthree two four"));
    expect(textOf(all, "reasoning")).toBe("one two");
    expect(textOf(all)).toBe("three ");
  });

  it("delivers no part of a character at the end, and all of it once the answer goes on", () => {
    fc.assert(
      fc.property(plain, fc.boolean(), fc.nat(60), (text, thinks, length) => {
        const ids = tokenizer.encode(thinks ? `<think>\n${text}</think>${text}` : text);
        const cut = Math.min(length, ids.length);
        const before = given(answerText(), ids.slice(0, cut), { complete: false });
        expect(before.flatMap((piece) => piece.ids)).toEqual(ids.slice(0, cut));
        const second = answerText();
        for (const id of ids.slice(0, cut)) second.resume(id);
        second.delivered({ reasoning: textOf(before, "reasoning"), text: textOf(before) });
        const after = given(second, ids.slice(cut));
        expect(after.flatMap((piece) => piece.ids)).toEqual(ids.slice(cut));
        const whole = given(answerText(), ids);
        for (const type of ["reasoning", "token"]) {
          expect(textOf(before, type) + textOf(after, type)).toBe(textOf(whole, type));
        }
        expect(textOf(whole)).not.toMatch(/\p{Surrogate}/u);
      }),
    );
  });

  it("delivers the rest of a token that was only half delivered first", () => {
    const ids = tokenizer.encode("hello 日本");
    const whole = tokenizer.decode(ids);
    for (let end = 0; end <= whole.length; end++) {
      const answer = answerText();
      for (const id of ids) answer.resume(id);
      answer.delivered({ reasoning: "", text: whole.slice(0, end) });
      expect(textOf(answer.flush(true))).toBe(whole.slice(end));
    }
  });
});
