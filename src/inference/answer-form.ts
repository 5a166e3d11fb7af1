/** The form of one answer, where the request asks for one: the answer keeps to it. Thoughts before it are free, as a rule. */
import { MicrogridError, concat, utf8 } from "../core";
import type { Constraint } from "./grammar";
import type { ChatTokenizer, ExpectedPart } from "./tokenizer";

/** Tokens of space between a thought and the answer, which are no part of either. */
const MAX_SPACES = 2;

/** Chooses a token among those of a mask: one bit for each id. */
type Sample = (mask: Int32Array) => number;

interface Choice {
  /** Undefined if the answer has to end here. */
  readonly id: number | undefined;
  /** True if the answer ends sooner than the model would end it, since there is no room. */
  readonly cut: boolean;
}

/** Guides the choice of tokens. */
export class AnswerForm {
  readonly #constraint: Constraint;
  /** Tokens that open a thought. */
  readonly #openings: readonly number[];
  readonly #tokens: FormTokens;
  readonly #bytesOf: (id: number) => Uint8Array;
  /** Marks of thoughts and calls, which are no part of what is said. */
  readonly #marks: readonly number[];
  #spaces = 0;

  /** `calls` is true if the answer may call tools, whose marks are part of it then. */
  constructor(
    constraint: Constraint,
    { tokenizer, endIds, calls }: { tokenizer: ChatTokenizer; endIds: ReadonlySet<number>; calls: boolean },
  ) {
    this.#constraint = constraint;
    this.#bytesOf = (id) => tokenizer.bytesOf(id, calls);
    const idsOf = (marks: readonly string[]): number[] => marks.flatMap((mark) => idOf(mark, tokenizer) ?? []);
    this.#openings = idsOf(tokenizer.thoughts.openings);
    this.#marks = constraint.includesThoughts ? idsOf(tokenizer.thoughts.marks) : [];
    this.#tokens = formTokens.get(tokenizer) ?? formTokensOf(tokenizer, endIds);
    formTokens.set(tokenizer, this.#tokens);
  }

  /** True if the answer is whole and cannot go on. */
  get ended(): boolean {
    return this.#constraint.ended;
  }

  /** True if the form is that of thoughts and headers as well, and not only of the answer behind them. */
  get includesThoughts(): boolean {
    return this.#constraint.includesThoughts;
  }

  /** Tokens that the answer still needs. Throws `bad-request` if the model has no tokens for them. */
  get missing(): number {
    const missing = this.#constraint.missing;
    if (missing !== undefined) return missing;
    throw new MicrogridError("bad-request", "The model cannot write an answer in the format that is asked for.", {
      field: "format",
    });
  }

  /** Goes on behind tokens that read `text`, as far as the form is concerned. False if that does not have the form. */
  resume(ids: readonly number[], text: string): boolean {
    const unfinished = unfinishedCharacter(concat(...ids.map(this.#bytesOf)));
    const whole = unfinished.length > 0 ? text.replace(/\ufffd+$/u, "") : text;
    return this.#constraint.accept(concat(utf8(whole), unfinished));
  }

  /**
   * Chooses the token that follows where `next` is expected, with `room` tokens left, of which a thought that begins now
   * costs `thoughtCost`.
   */
  choose(next: ExpectedPart, room: { left: number; thoughtCost: number }, sample: Sample): Choice {
    if (this.includesThoughts) {
      const id = sample(this.#unmarked(this.#constraint.mask(), next));
      return this.#constraint.fitting(id, this.#bytesOf(id), room.left);
    }
    if (next === "thought") return { id: sample(this.#tokens.inThought), cut: false };
    const free = this.#besides(next, room);
    const id = sample(this.#constraint.mask(free));
    if (free.includes(id)) return { id, cut: false };
    return this.#constraint.fitting(id, this.#bytesOf(id), room.left);
  }

  /** Takes a token that was chosen where `next` was expected. */
  accept(id: number, next: ExpectedPart): void {
    if (!this.includesThoughts && (next === "thought" || this.#openings.includes(id))) return;
    if (next === "space" && this.#tokens.spaces.includes(id)) this.#spaces++;
    else if (!this.#constraint.accept(this.#bytesOf(id))) {
      throw new MicrogridError("internal", "The answer has left the format that is asked for. Ask again.");
    }
  }

  /** True if the token may follow, where the form includes thoughts. */
  takes(id: number): boolean {
    return this.#constraint.takes(this.#bytesOf(id));
  }

  /** The mask without the marks that a text or an argument may contain as characters, but not as tokens. */
  #unmarked(mask: Int32Array, next: ExpectedPart): Int32Array {
    if (next !== "answer") return mask;
    const all = mask.slice();
    for (const id of this.#marks) all[id >> 5]! &= ~(1 << (id & 31));
    return all;
  }

  /** Tokens that may come although they are no part of the answer. */
  #besides(next: ExpectedPart, { left, thoughtCost }: { left: number; thoughtCost: number }): readonly number[] {
    const fits = (cost: number): boolean => left - 1 - cost >= this.missing;
    if (next === "either" && fits(thoughtCost)) return this.#openings;
    return next === "space" && this.#spaces < MAX_SPACES && fits(0) ? this.#tokens.spaces : [];
  }
}

/** Tokens of a model that matter around the answer. */
interface FormTokens {
  /** Tokens of space alone. */
  readonly spaces: readonly number[];
  /** One bit for each token that may be in a thought: not those that end the answer, or end the thought and begin an answer at once. */
  readonly inThought: Int32Array;
}

/** Reading a whole vocabulary takes time, so that is done once. */
const formTokens = new WeakMap<ChatTokenizer, FormTokens>();

function formTokensOf(tokenizer: ChatTokenizer, endIds: ReadonlySet<number>): FormTokens {
  const [, closing = ""] = tokenizer.thoughts.marks;
  const last = idOf(closing, tokenizer) === undefined ? closing.at(-1) : undefined;
  const spaces: number[] = [];
  const inThought = new Int32Array(Math.ceil(tokenizer.size / 32)).fill(-1);
  const decoder = new TextDecoder();
  for (let id = 0; id < tokenizer.size; id++) {
    const text = tokenizer.isControl(id) ? "" : decoder.decode(tokenizer.bytesOf(id));
    if (text !== "" && text.trim() === "") spaces.push(id);
    const isMixed = last !== undefined && text.includes(last) && text.slice(text.indexOf(last) + 1).trim() !== "";
    if (isMixed || endIds.has(id)) inThought[id >> 5]! &= ~(1 << (id & 31));
  }
  return { spaces, inThought };
}

/** The id of a mark that is one token and nothing else. */
function idOf(mark: string, tokenizer: ChatTokenizer): number | undefined {
  const [id, ...more] = tokenizer.encodePrompt(mark);
  return id !== undefined && more.length === 0 && tokenizer.isControl(id) ? id : undefined;
}

/** The bytes at the end that begin a character and do not finish it. */
function unfinishedCharacter(bytes: Uint8Array): Uint8Array {
  for (let length = 1; length <= Math.min(3, bytes.length); length++) {
    const lead = bytes[bytes.length - length]!;
    if (lead >= 0xc0)
      return (lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2) > length ? bytes.slice(-length) : new Uint8Array();
    if (lead < 0x80) break;
  }
  return new Uint8Array();
}
