import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { guideFile } from "../testing/node";
import { AnswerText } from "./answer-text";
import { StreamDetokenizer } from "./detokenizer";
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

describe("AnswerText", () => {
  const stopsOf = (text: string, from: number, length: number): string =>
    Array.from(text)
      .slice(from, from + length)
      .join("");

  it("cuts at the first stop string to be completed, and emits no part of it", () => {
    fc.assert(
      fc.property(texts, fc.nat(20), fc.integer({ min: 1, max: 6 }), fc.nat(20), (text, from, length, other) => {
        const ids = tokenizer.encode(text);
        const whole = tokenizer.decode(ids);
        const stop = [stopsOf(whole, from, length), stopsOf(whole, other, 2)].filter((value) => value !== "");
        const answer = new AnswerText({ decode, stop });
        let out = "";
        let outIds = 0;
        for (const id of ids) {
          const piece = answer.push(id);
          out += piece?.text ?? "";
          outIds += piece?.ids.length ?? 0;
          // The text given out is exactly the text of the ids given out, until a stop string cuts it.
          if (!answer.stopped) expect(out).toBe(tokenizer.decode(ids.slice(0, outIds)));
          if (answer.stopped) break;
        }
        out += answer.flush()?.text ?? "";
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
    const ids = tokenizer.encode("one two three END four");
    const answer = new AnswerText({ decode, stop: ["three FIN"] });
    const pieces = ids.map((id) => answer.push(id, { id, text: "", logprob: -1, top: [] }));
    const all = [...pieces, answer.flush()].filter((piece) => piece !== undefined);
    expect(all.flatMap((piece) => piece.ids)).toEqual(ids);
    for (const piece of all) expect(piece.logprobs?.map((entry) => entry.id)).toEqual(piece.ids);
  });

  it("delivers no part of a character at the end, and all of it once the answer goes on", () => {
    fc.assert(
      fc.property(texts, fc.nat(40), (text, length) => {
        const ids = tokenizer.encode(text);
        const cut = Math.min(length, ids.length);
        const first = new AnswerText({ decode, stop: [] });
        const before = [...ids.slice(0, cut).map((id) => first.push(id)), first.flush()].filter(
          (piece) => piece !== undefined,
        );
        expect(before.flatMap((piece) => piece.ids)).toEqual(ids.slice(0, cut));
        const delivered = before.map((piece) => piece.text).join("");
        const second = new AnswerText({ decode, stop: [] });
        second.resume(ids.slice(0, cut), delivered);
        const after = [...ids.slice(cut).map((id) => second.push(id)), second.flush()].filter(
          (piece) => piece !== undefined,
        );
        expect(after.flatMap((piece) => piece.ids)).toEqual(ids.slice(cut));
        const whole = delivered + after.map((piece) => piece.text).join("");
        expect(whole).toBe(tokenizer.decode(ids).replace(/\ufffd+$/u, ""));
      }),
    );
  });

  it("delivers the rest of a token that was only half delivered first", () => {
    const ids = tokenizer.encode("hello 日本");
    const whole = tokenizer.decode(ids);
    for (let end = 0; end <= whole.length; end++) {
      const answer = new AnswerText({ decode, stop: [] });
      answer.resume(ids, whole.slice(0, end));
      expect(answer.flush()?.text ?? "").toBe(whole.slice(end));
    }
  });
});
