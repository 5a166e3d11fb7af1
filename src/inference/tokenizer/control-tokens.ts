/** Keeps the text of messages apart from the control tokens of a template: whatever people write is text. */

/**
 * Stands before a control token that somebody wrote, so that it is not read as one. Unicode keeps this character for
 * internal use; messages that contain it get another one in its place.
 */
const MARK = "\ufdd0";
const MARK_IN_TEXT = /\ufdd0/g;

/** An added token of `tokenizer.json`. */
interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
}

/** The tokens that control a model. */
export class ControlTokens {
  readonly #ids: ReadonlyMap<string, number>;
  readonly #controlIds: ReadonlySet<number>;
  /** Ids of the special tokens, which are no text; without calls of tools, and with them. */
  readonly #hidden: Set<number>;
  #hiddenInCalls: ReadonlySet<number>;
  #callIds: ReadonlySet<number | undefined> = new Set();
  /** Ids of all added tokens, whose text is written in `tokenizer.json` as it is. */
  readonly added: ReadonlySet<number>;
  readonly #written: RegExp | undefined;
  #writtenInCalls: RegExp | undefined;

  /** Besides special tokens, those that the template writes: some tokenizers do not mark them as special. */
  constructor(added: readonly AddedToken[], template: string | undefined) {
    const control = added.filter(
      ({ content, special }) => content.length > 1 && (special || (/\S/.test(content) && template?.includes(content))),
    );
    this.#hidden = new Set(added.filter(({ special }) => special).map(({ id }) => id));
    this.added = new Set(added.map(({ id }) => id));
    this.#ids = new Map(control.map(({ content, id }) => [content, id]));
    this.#controlIds = new Set(this.#ids.values());
    this.#hiddenInCalls = this.#hidden;
    this.#written = anyOf(this.#ids.keys());
    this.#writtenInCalls = this.#written;
  }

  /** True for tokens that control the model, seen as text or not; `inCalls` leaves out the marks of calls. */
  includes(id: number, inCalls: boolean): boolean {
    return (this.#hidden.has(id) || this.#controlIds.has(id)) && !(inCalls && this.#callIds.has(id));
  }

  has(text: string): boolean {
    return this.#ids.has(text);
  }

  /** Lets tokens be seen as text: `always`, and `inCalls` where an answer may call tools. */
  show(always: readonly string[], inCalls: readonly string[]): void {
    for (const text of always) this.#hidden.delete(this.#ids.get(text) ?? -1);
    this.#callIds = new Set(inCalls.map((text) => this.#ids.get(text)));
    this.#hiddenInCalls = new Set([...this.#hidden].filter((id) => !this.#callIds.has(id)));
    this.#writtenInCalls = anyOf([...this.#ids.keys()].filter((text) => !inCalls.includes(text)));
  }

  /** True for a token that is no text. */
  hides(id: number, inCalls: boolean): boolean {
    return (inCalls ? this.#hiddenInCalls : this.#hidden).has(id);
  }

  /** Id of a control token. */
  id(text: string): number | undefined {
    return this.#ids.get(text);
  }

  /** Id of the control token that a text begins with. */
  at(text: string): number | undefined {
    const found = [...this.#ids].filter(([content]) => text.startsWith(content));
    return found.sort(([one], [other]) => other.length - one.length)[0]?.[1];
  }

  /** The text with its control tokens marked, to be put into a prompt; `inCalls` leaves out the marks of calls. */
  asText(text: string, inCalls: boolean): string {
    const clean = text.replace(MARK_IN_TEXT, "\ufffd");
    const written = inCalls ? this.#writtenInCalls : this.#written;
    // A mark inside, after the first character, keeps the tokenizer from finding the token.
    return written ? clean.replace(written, `$&${MARK}`) : clean;
  }
}

/** The first characters of any of these texts. */
function anyOf(texts: Iterable<string>): RegExp | undefined {
  const any = [...texts].map((text) => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")).join("|");
  return any === "" ? undefined : new RegExp(`(?=${any})[^]`, "gu");
}

/**
 * The settings of a tokenizer that leaves out the marks again, after it has looked for control tokens and before it splits
 * words.
 */
export function withoutMarks(tokenizer: {
  readonly pre_tokenizer?: unknown;
  readonly [field: string]: unknown;
}): object {
  const unmark = { type: "Replace", pattern: { String: MARK }, content: "" };
  const pretokenizers = tokenizer.pre_tokenizer ? [unmark, tokenizer.pre_tokenizer] : [unmark];
  return { ...tokenizer, pre_tokenizer: { type: "Sequence", pretokenizers } };
}
