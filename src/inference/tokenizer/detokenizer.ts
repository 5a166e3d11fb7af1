/** Text of a stream of tokens, given out only at borders where no character is torn. */

/** Tokens and exactly their text. */
export interface TextPiece {
  readonly ids: readonly number[];
  readonly text: string;
}

/**
 * Tokens kept back for an unfinished character. A character has at most 4 bytes, a joined one may take more.
 * Anything longer is broken text, which must not stop the stream.
 */
const MAX_HELD_TOKENS = 12;

/**
 * Turns ids into text one by one. Decoders look at neighbours (joined bytes, a stripped first space), so
 * each piece is the difference between two decodes that start at the same earlier token.
 */
export class StreamDetokenizer {
  readonly #decode: (ids: readonly number[]) => string;
  /** Tokens that the next decode starts from: those of the last piece, for context, then those held back. */
  #window: number[] = [];
  #contextLength = 0;

  /** `decode` gives the text of ids. */
  constructor(decode: (ids: readonly number[]) => string) {
    this.#decode = decode;
  }

  /** Takes one token; gives the piece that is whole now, or undefined while a character is unfinished. */
  push(id: number): TextPiece | undefined {
    this.#window.push(id);
    const { before, now } = this.#texts();
    const held = this.#window.length - this.#contextLength;
    if (now.endsWith("\ufffd") && held < MAX_HELD_TOKENS) return undefined;
    return this.#release(now.slice(before.length));
  }

  /** The tokens still held back, without the character that they do not finish; undefined if there are none. */
  flush(): TextPiece | undefined {
    if (this.#window.length === this.#contextLength) return undefined;
    const { before, now } = this.#texts();
    return this.#release(now.slice(before.length).replace(/\ufffd+$/u, ""));
  }

  #texts(): { before: string; now: string } {
    return {
      before: this.#decode(this.#window.slice(0, this.#contextLength)),
      now: this.#decode(this.#window),
    };
  }

  #release(text: string): TextPiece {
    const ids = this.#window.slice(this.#contextLength);
    // Special tokens have no text: keep an older token as context, or the next piece could lose its first space.
    this.#window = text === "" ? this.#window.slice(-MAX_HELD_TOKENS) : [...ids];
    this.#contextLength = this.#window.length;
    return { ids, text };
  }
}
