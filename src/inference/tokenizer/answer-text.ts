/** The text of an answer as it is streamed: whole characters, whole tokens, thoughts apart, and nothing after a stop string. */
import type { TokenLogprob } from "../types";
import { StreamDetokenizer, type TextPiece } from "./detokenizer";
import { matchStop } from "./stop";
import type { DeliveredText } from "./stored-thought";
import type { ExpectedPart, Part, ThoughtReader } from "./thoughts";

/** The content of a `token` or `reasoning` event. */
interface AnswerPiece extends Part {
  readonly logprobs?: readonly TokenLogprob[];
}

/** Collects tokens and gives out pieces whose text is exactly that of their ids. */
export class AnswerText {
  readonly #detokenizer: StreamDetokenizer;
  readonly #reader: ThoughtReader;
  readonly #stops: readonly string[];
  /** Pieces whose text may be the beginning of a stop string. */
  #held: TextPiece[] = [];
  #logprobs: TokenLogprob[] = [];
  /** Text of resumed ids that the reader does not have; it goes out with the first piece. */
  #missing = { reasoning: "", token: "" };
  /** Resumed ids of an unfinished character, with which the next piece begins. */
  #known = 0;
  #stopped = false;

  /** Stop strings end an answer, not a thought. */
  constructor(options: { decode: (ids: readonly number[]) => string; stop: readonly string[]; reader: ThoughtReader }) {
    this.#detokenizer = new StreamDetokenizer(options.decode);
    this.#reader = options.reader;
    this.#stops = options.stop.filter((text) => text !== "");
  }

  /** True once a stop string was found; nothing more is to be pushed. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** True while the tokens that come are a thought, which may be ended early. */
  get thinking(): boolean {
    return this.#reader.thinking;
  }

  /** The part that the next tokens belong to. */
  get next(): ExpectedPart {
    return this.#reader.next;
  }

  /**
   * Goes on after `id`, which another answer has given out. A character that it does not finish is finished by the tokens that
   * follow. Call `delivered` after the last one.
   */
  resume(id: number): void {
    const piece = this.#detokenizer.push(id);
    this.#known = piece ? 0 : this.#known + 1;
    const parts = piece ? this.#reader.push({ ids: [], text: piece.text }) : [];
    for (const { type, text } of parts) this.#missing[type] += text;
  }

  /** Says which text of the resumed ids the reader has. The rest goes out first. */
  delivered({ reasoning, text }: DeliveredText): void {
    // Another tokenizer may write the delivered text in a slightly different way; the reader has it all the same.
    const rest = (whole: string, had: string): string => (whole.startsWith(had) ? whole.slice(had.length) : "");
    this.#missing = { reasoning: rest(this.#missing.reasoning, reasoning), token: rest(this.#missing.token, text) };
  }

  /** Takes one token; gives the pieces that can go out now. */
  push(id: number, logprob?: TokenLogprob): AnswerPiece[] {
    if (logprob) this.#logprobs.push(logprob);
    const piece = this.#detokenizer.push(id);
    if (!piece) return [];
    const ids = piece.ids.slice(this.#known);
    this.#known = 0;
    return this.#take(this.#reader.push({ ids, text: piece.text }));
  }

  /** Everything still held back, at the end of the answer; `complete` is false if it was cut and may go on. */
  flush(complete: boolean): AnswerPiece[] {
    const rest = this.#detokenizer.flush();
    const parts = rest ? this.#reader.push({ ids: rest.ids.slice(this.#known), text: rest.text }) : [];
    const last = { reasoning: this.#missing.reasoning, token: this.#missing.token };
    const pieces = this.#take([
      ...parts,
      ...this.#reader.flush(complete),
      ...(last.reasoning === "" ? [] : [{ type: "reasoning" as const, ids: [], text: "" }]),
      ...(last.token === "" ? [] : [{ type: "token" as const, ids: [], text: "" }]),
    ]);
    return this.#stopped ? pieces : [...pieces, ...this.#emit(this.#held.length, Number.POSITIVE_INFINITY)];
  }

  #take(parts: readonly Part[]): AnswerPiece[] {
    const pieces: AnswerPiece[] = [];
    for (const { type, ids, text } of parts) {
      if (this.#stopped) break;
      const all = this.#missing[type] + text;
      this.#missing[type] = "";
      if (type === "token") {
        this.#held.push({ ids, text: all });
        pieces.push(...this.#clear());
      } else {
        // Ids go out in their order.
        pieces.push(...this.#emit(this.#held.length, Number.POSITIVE_INFINITY), this.#piece(type, ids, all));
      }
    }
    return pieces;
  }

  /** The held pieces that can no longer become a stop string, or the end of the answer if there is one. */
  #clear(): AnswerPiece[] {
    const match = matchStop(this.#held.map((held) => held.text).join(""), this.#stops);
    if (match.kind === "found") {
      this.#stopped = true;
      return this.#emit(this.#held.length, match.index);
    }
    let clear = 0;
    let length = 0;
    for (const held of this.#held) {
      length += held.text.length;
      if (length > match.safeLength) break;
      clear++;
    }
    return this.#emit(clear, Number.POSITIVE_INFINITY);
  }

  #emit(count: number, maxLength: number): AnswerPiece[] {
    if (count === 0) return [];
    const out = this.#held.splice(0, count);
    const ids = out.flatMap((piece) => piece.ids);
    const text = out
      .map((piece) => piece.text)
      .join("")
      .slice(0, maxLength);
    return [this.#piece("token", ids, text)];
  }

  #piece(type: Part["type"], ids: readonly number[], text: string): AnswerPiece {
    const logprobs = this.#logprobs.splice(0, ids.length);
    return logprobs.length > 0 ? { type, ids, text, logprobs } : { type, ids, text };
  }
}
