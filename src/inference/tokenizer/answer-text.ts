/** The text of an answer as it is streamed: whole characters, whole tokens, and nothing after a stop string. */
import type { TokenLogprob } from "../types";
import { StreamDetokenizer, type TextPiece } from "./detokenizer";
import { matchStop } from "./stop";

/** The content of a `token` event. */
interface AnswerPiece extends TextPiece {
  readonly logprobs?: readonly TokenLogprob[];
}

/** Collects tokens and gives out pieces whose text is exactly that of their ids. */
export class AnswerText {
  readonly #detokenizer: StreamDetokenizer;
  readonly #stops: readonly string[];
  /** Pieces whose text may be the beginning of a stop string. */
  #held: TextPiece[] = [];
  #logprobs: TokenLogprob[] = [];
  /** Text of resumed ids that the reader does not have; it goes out with the first piece. */
  #prefix = "";
  /** Resumed ids of an unfinished character, with which the next piece begins. */
  #known = 0;
  #stopped = false;

  constructor(options: { decode: (ids: readonly number[]) => string; stop: readonly string[] }) {
    this.#detokenizer = new StreamDetokenizer(options.decode);
    this.#stops = options.stop.filter((text) => text !== "");
  }

  /**
   * Goes on after `ids`, of which the reader has `delivered`. A character that they do not finish is finished by the tokens
   * that follow.
   */
  resume(ids: readonly number[], delivered: string): void {
    const pieces = ids.map((id) => this.#detokenizer.push(id)).filter((piece) => piece !== undefined);
    const text = pieces.map((piece) => piece.text).join("");
    this.#known = ids.length - pieces.reduce((sum, piece) => sum + piece.ids.length, 0);
    // Another tokenizer may write the delivered text in a slightly different way; the reader has it all the same.
    if (text.startsWith(delivered)) this.#prefix = text.slice(delivered.length);
  }

  /** True once a stop string was found; nothing more is to be pushed. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** Takes one token; gives the piece that can go out now, or undefined. */
  push(id: number, logprob?: TokenLogprob): AnswerPiece | undefined {
    if (logprob) this.#logprobs.push(logprob);
    const piece = this.#detokenizer.push(id);
    return piece && this.#take(piece);
  }

  /** Everything still held back, at the end of the answer. */
  flush(): AnswerPiece | undefined {
    const rest = this.#detokenizer.flush() ?? (this.#prefix === "" ? undefined : { ids: [], text: "" });
    const piece = rest && this.#take(rest);
    if (this.#stopped) return piece;
    const tail = this.#emit(this.#held.length, Number.POSITIVE_INFINITY);
    if (!piece || !tail) return piece ?? tail;
    return {
      ids: [...piece.ids, ...tail.ids],
      text: piece.text + tail.text,
      ...(piece.logprobs && tail.logprobs ? { logprobs: [...piece.logprobs, ...tail.logprobs] } : {}),
    };
  }

  #take(piece: TextPiece): AnswerPiece | undefined {
    this.#held.push({ ids: piece.ids.slice(this.#known), text: this.#prefix + piece.text });
    this.#known = 0;
    this.#prefix = "";
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

  #emit(count: number, maxLength: number): AnswerPiece | undefined {
    if (count === 0) return undefined;
    const out = this.#held.splice(0, count);
    const ids = out.flatMap((piece) => piece.ids);
    const text = out
      .map((piece) => piece.text)
      .join("")
      .slice(0, maxLength);
    return this.#logprobs.length > 0 ? { ids, text, logprobs: this.#logprobs.splice(0, ids.length) } : { ids, text };
  }
}
