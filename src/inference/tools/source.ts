/**
 * Text that is still being written. Readers of it are generators that wait wherever the text ends, so they are written as if all
 * of it were there, and read the same however it is cut into pieces.
 */

/** A reader, or a part of one. It yields to wait for more text. */
export type Reading<T> = Generator<undefined, T, undefined>;

/** The text is not what a reader needs it to be, at the place that the source has reached. */
export class Malformed extends Error {}

/** Text that has been read is removed when it is this long: each removal takes time. */
const KEPT_CHARS = 4096;

/** A text, and the place in it that has been read up to. Places are numbers of characters from the beginning. */
export class Source {
  #text = "";
  /** Number of characters that are no longer kept. */
  #gone = 0;
  #at = 0;
  #ended = false;

  /** More of the text. */
  add(text: string): void {
    this.#text += text;
  }

  /** Says that no more text comes. */
  end(): void {
    this.#ended = true;
  }

  get at(): number {
    return this.#gone + this.#at;
  }

  /** Goes back to an earlier place, or on to a later one. */
  seek(at: number): void {
    this.#at = at - this.#gone;
  }

  /** The text between a place and the present one. */
  since(at: number): string {
    return this.#text.slice(at - this.#gone, this.#at);
  }

  /** The whole text from a place on. */
  from(at: number): string {
    return this.#text.slice(at - this.#gone);
  }

  /** Says that nobody goes back further than to here. */
  forget(): void {
    if (this.#at < KEPT_CHARS) return;
    this.#text = this.#text.slice(this.#at);
    this.#gone += this.#at;
    this.#at = 0;
  }

  /** The next `count` characters; fewer at the end of the text. Stays where it is. */
  *ahead(count: number): Reading<string> {
    while (this.#text.length < this.#at + count && !this.#ended) yield;
    return this.#text.slice(this.#at, this.#at + count);
  }

  /** The next character; "" at the end. Stays where it is. */
  *peek(): Reading<string> {
    while (this.#at >= this.#text.length && !this.#ended) yield;
    return this.#text.charAt(this.#at);
  }

  /** Goes on by some characters, which have been seen. */
  skip(count = 1): void {
    this.#at += count;
  }

  /** The longest of some texts that comes next, and goes on behind it; undefined if none does. Waits no longer than it has to. */
  *oneOf(texts: readonly string[]): Reading<string | undefined> {
    let possible = texts;
    let found: string | undefined;
    for (let length = 1; possible.length > 0; length++) {
      const next = yield* this.ahead(length);
      found = possible.find((text) => text === next) ?? found;
      possible = next.length < length ? [] : possible.filter((text) => text.length > length && text.startsWith(next));
    }
    if (found !== undefined) this.skip(found.length);
    return found;
  }

  /** Goes on behind `text`. Throws `Malformed` if something else comes. */
  *expect(...texts: readonly string[]): Reading<string> {
    const found = yield* this.oneOf(texts);
    if (found === undefined) throw new Malformed();
    return found;
  }

  /** The next characters that match; goes on behind them. Throws `Malformed` for more than `most`. */
  *while(pattern: RegExp, most = Infinity): Reading<string> {
    const from = this.at;
    for (let char = yield* this.peek(); char !== "" && pattern.test(char); char = yield* this.peek()) {
      this.skip();
      if (this.at - from > most) throw new Malformed();
    }
    return this.since(from);
  }

  /** As many of the next characters as are there already and match `pattern`, which is sticky; goes on behind them. */
  *some(pattern: RegExp): Reading<string> {
    yield* this.peek();
    return this.present(pattern);
  }

  /** Like `some`, but does not wait. */
  present(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? "";
    this.skip(found.length);
    return found;
  }

  /**
   * Characters up to one of `ends`, in pieces; "" behind it. `inside` matches characters with which none of the ends begins, and is
   * sticky. Throws `Malformed` at the end of the text.
   */
  *until(ends: readonly string[], inside: RegExp): Reading<string> {
    const run = yield* this.some(inside);
    if (run !== "" || (yield* this.oneOf(ends)) !== undefined) return run;
    const char = yield* this.peek();
    if (char === "") throw new Malformed();
    this.skip();
    return char;
  }

  /** White space; goes on behind it. */
  *space(): Reading<string> {
    return yield* this.while(/\s/);
  }
}
