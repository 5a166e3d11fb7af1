/** Tells what a model thinks from what it answers, in the formats of the families that think. */
import type { TextPiece } from "./detokenizer";
import { apart, type DeliveredText, TAGS, type ThoughtTags } from "./stored-thought";

/** Whether a text is thought or answer; the types of the events that carry it. */
type PartKind = "reasoning" | "token";

/** Tokens and their text. The text that only marks where thinking begins or ends is left out; its ids are not. */
export interface Part extends TextPiece {
  readonly type: PartKind;
}

/** The part that comes next: a thought, the answer, whichever the model begins, or space behind a thought, then the answer. */
export type ExpectedPart = "thought" | "answer" | "either" | "space";

/** Separates one answer while its text comes. */
export interface ThoughtReader {
  /** The part that comes next. Headers of thoughts count as thoughts. */
  readonly next: ExpectedPart;
  /** True while the text that comes is a thought, which may be ended early. */
  readonly thinking: boolean;
  push(piece: TextPiece): Part[];
  /** Gives out the rest at the end. In an answer that is not complete, the beginning of a mark is no text. */
  flush(complete: boolean): Part[];
}

/** How a model marks its thoughts. */
export interface ThoughtFormat {
  /** Control tokens that the reader needs to see, in addition to ordinary text. */
  readonly marks: readonly string[];
  /** The marks before and after a thought; undefined if it has channels instead. */
  readonly tags: ThoughtTags | undefined;
  /** The marks that begin a thought; none if the model was not made to think. */
  readonly openings: readonly string[];
  /** Text that makes a model stop thinking and answer. */
  readonly ending: string;
  /** Text that makes a model stop thinking and call a tool; absent if `ending` serves as well. */
  readonly callEnding?: string;
  /** A thought without content, after which a model answers at once; undefined if its marks know none. */
  readonly empty?: string;
  /** Reads an answer to a prompt that ends with `prompt`. If it may call tools (`calls`), calls are part of its text. */
  reader(prompt: string, calls?: boolean): ThoughtReader;
  /** A delivered part as a model of this format would have written it, after a prompt that ends with `prompt`. */
  written(delivered: DeliveredText, prompt: string): string;
}

const CHANNEL = "<|channel|>";
const MESSAGE = "<|message|>";
const START = "<|start|>";
const END = "<|end|>";
const FINAL = "final";
const TOOL = "to=functions.";
/** The beginning of a message to a tool, inside the text of an answer. */
const CALL = /(?:<\|start\|>assistant)?(?: ?to=functions\.[\w.-]+)?<\|channel\|>/;

/** The format of a model; `has` tells whether its template or its tokenizer knows a text. */
export function thoughtFormat(has: (text: string) => boolean): ThoughtFormat {
  if (has(CHANNEL) && has(MESSAGE)) return CHANNELS;
  const own = TAGS.find(([open]) => has(open));
  const [open, close] = own ?? TAGS[0];
  return tags(open, close, own !== undefined);
}

/** The thought with which a whole answer begins, where it was kept in the answer's own text. */
export function leadingThought({ tags: marks, reader }: ThoughtFormat, answer: string): DeliveredText {
  if (marks) return apart(answer, marks);
  const channels = reader("");
  const read = { reasoning: "", token: "" };
  for (const { type, text } of [...channels.push({ ids: [], text: answer }), ...channels.flush(true)])
    read[type] += text;
  return read.reasoning === "" ? { reasoning: "", text: answer } : { reasoning: read.reasoning, text: read.token };
}

function tags(open: string, close: string, own: boolean): ThoughtFormat {
  const begun = (prompt: string): boolean => prompt.trimEnd().endsWith(open);
  return {
    marks: [open, close],
    tags: [open, close],
    openings: own ? [open] : [],
    ending: `\n${close}\n\n`,
    empty: `${open}\n\n${close}\n\n`,
    reader: (prompt) => new TagReader(open, close, begun(prompt)),
    written: ({ reasoning, text }, prompt) => {
      const thought = reasoning === "" || !own ? "" : (begun(prompt) ? "" : `${open}\n`) + reasoning;
      if (text === "") return thought;
      return (thought !== "" || begun(prompt) ? `${thought}\n${close}\n\n` : "") + text;
    },
  };
}

const CHANNELS: ThoughtFormat = {
  marks: [CHANNEL, MESSAGE, START, END],
  tags: undefined,
  openings: [CHANNEL, START],
  ending: `${END}${START}assistant${CHANNEL}${FINAL}${MESSAGE}`,
  callEnding: `${END}${START}assistant ${TOOL}`,
  reader: (_, calls = false) => new ChannelReader(calls),
  written: ({ reasoning, text }) => {
    const at = text.search(CALL);
    const said = at < 0 ? text : text.slice(0, at);
    const messages = [
      ...(reasoning === "" ? [] : [`${CHANNEL}analysis${MESSAGE}${reasoning}`]),
      ...(said === "" ? [] : [`${CHANNEL}${FINAL}${MESSAGE}${said}`]),
      ...(at < 0 ? [] : [text.slice(at)]),
    ];
    const next = (message: string): string => END + (message.startsWith(START) ? "" : `${START}assistant`) + message;
    return messages.map((message, index) => (index === 0 ? message : next(message))).join("");
  },
};

/** The format of a text that goes on without a chat: whatever a model writes there is text. */
export const NO_THOUGHTS: ThoughtFormat = {
  marks: [],
  tags: undefined,
  openings: [],
  ending: "",
  reader: () => ({
    next: "answer",
    thinking: false,
    push: (piece) => [{ type: "token", ...piece }],
    flush: () => [],
  }),
  written: ({ text }) => text,
};

/** Text that waits for what follows, with the ids of its tokens. */
class Waiting {
  text = "";
  #pieces: TextPiece[] = [];

  add(piece: TextPiece): void {
    this.text += piece.text;
    this.#pieces.push(piece);
  }

  /** Takes the first `length` characters; ids of a token go with the first of its characters. */
  take(type: PartKind, length: number): Part[] {
    return this.#cut(type, length, this.text.slice(0, length));
  }

  /** Takes the first `length` characters, and gives their ids without text. */
  drop(type: PartKind, length: number): Part[] {
    return this.#cut(type, length, "");
  }

  #cut(type: PartKind, length: number, text: string): Part[] {
    const ids: number[] = [];
    let left = length;
    while (this.#pieces.length > 0 && (left > 0 || this.#pieces[0]!.text === "")) {
      const piece = this.#pieces.shift()!;
      ids.push(...piece.ids);
      if (piece.text.length > left) this.#pieces.unshift({ ids: [], text: piece.text.slice(left) });
      left -= Math.min(left, piece.text.length);
    }
    this.text = this.text.slice(length);
    return text === "" && ids.length === 0 ? [] : [{ type, ids, text }];
  }
}

/** Length of the end of `text` that could become `mark`, and of the space before it. */
function undecided(text: string, mark: string): number {
  let length = Math.min(mark.length - 1, text.length);
  while (length > 0 && !mark.startsWith(text.slice(-length))) length--;
  const clear = text.slice(0, text.length - length);
  return text.length - clear.trimEnd().length;
}

const leadingSpace = (text: string): number => text.length - text.trimStart().length;

/** Reads `<think>…</think>`, which comes first if it comes at all: later on, an answer may speak of such tags. */
class TagReader implements ThoughtReader {
  readonly #open: string;
  readonly #close: string;
  readonly #waiting = new Waiting();
  #state: "begin" | "opened" | "thought" | "closed" | "answer";

  constructor(open: string, close: string, begun: boolean) {
    this.#open = open;
    this.#close = close;
    this.#state = begun ? "opened" : "begin";
  }

  get thinking(): boolean {
    return this.#state === "opened" || this.#state === "thought";
  }

  get next(): ExpectedPart {
    if (this.#state === "begin") return "either";
    if (this.#state === "closed") return "space";
    return this.thinking ? "thought" : "answer";
  }

  push(piece: TextPiece): Part[] {
    const waiting = this.#waiting;
    waiting.add(piece);
    const parts: Part[] = [];
    if (this.#state === "begin") {
      const space = leadingSpace(waiting.text);
      const text = waiting.text.slice(space);
      if (text.startsWith(this.#open)) {
        parts.push(...waiting.drop("reasoning", space + this.#open.length));
        this.#state = "opened";
      } else if (!this.#open.startsWith(text)) this.#state = "answer";
    }
    if (this.#state === "opened") {
      parts.push(...waiting.drop("reasoning", leadingSpace(waiting.text)));
      if (waiting.text !== "") this.#state = "thought";
    }
    if (this.#state === "thought") {
      const end = waiting.text.indexOf(this.#close);
      if (end < 0) parts.push(...waiting.take("reasoning", waiting.text.length - undecided(waiting.text, this.#close)));
      else {
        parts.push(...waiting.take("reasoning", waiting.text.slice(0, end).trimEnd().length));
        parts.push(...waiting.drop("reasoning", waiting.text.indexOf(this.#close) + this.#close.length));
        this.#state = "closed";
      }
    }
    if (this.#state === "closed") {
      parts.push(...waiting.drop("reasoning", leadingSpace(waiting.text)));
      if (waiting.text !== "") this.#state = "answer";
    }
    if (this.#state === "answer") parts.push(...waiting.take("token", waiting.text.length));
    return parts;
  }

  flush(complete: boolean): Part[] {
    const { text } = this.#waiting;
    return this.thinking || !complete
      ? this.#waiting.drop("reasoning", text.length)
      : this.#waiting.take("token", text.length);
  }
}

/** Reads the channels of OpenAI's harmony format: `final` is the answer, messages to tools are calls, all others are thoughts. */
class ChannelReader implements ThoughtReader {
  readonly #waiting = new Waiting();
  readonly #calls: boolean;
  #state: "header" | PartKind = "header";

  constructor(calls: boolean) {
    this.#calls = calls;
  }

  get thinking(): boolean {
    return this.#state === "reasoning";
  }

  get next(): ExpectedPart {
    if (this.#state === "token") return "answer";
    return this.#state === "header" && this.#waiting.text.trim() === "" ? "either" : "thought";
  }

  push(piece: TextPiece): Part[] {
    const waiting = this.#waiting;
    waiting.add(piece);
    const parts: Part[] = [];
    for (;;) {
      if (this.#state === "header") {
        const end = waiting.text.indexOf(MESSAGE);
        const text = waiting.text.trimStart();
        const marks = this.#calls ? [CHANNEL, START, TOOL] : [CHANNEL, START];
        const isHeader = marks.some((mark) => text.startsWith(mark.slice(0, text.length)));
        if (end < 0 && isHeader) return parts;
        const header = end < 0 ? CHANNEL + FINAL : waiting.text.slice(0, end);
        const call = this.#calls && header.includes(TOOL);
        if (call) parts.push(...waiting.take("token", end + MESSAGE.length));
        else if (end >= 0) parts.push(...waiting.drop("reasoning", end + MESSAGE.length));
        this.#state = call || header.includes(CHANNEL + FINAL) ? "token" : "reasoning";
      }
      // Where tools are offered, an answer and a call come last, so marks that follow are characters of their text.
      const isLast = this.#calls && this.#state === "token";
      const marks = isLast ? [] : [END, START, CHANNEL];
      const ends = marks.map((mark) => waiting.text.indexOf(mark)).filter((at) => at >= 0);
      if (ends.length === 0) {
        parts.push(...waiting.take(this.#state, waiting.text.length));
        return parts;
      }
      parts.push(...waiting.take(this.#state, Math.min(...ends)));
      if (waiting.text.startsWith(END)) parts.push(...waiting.drop("reasoning", END.length));
      this.#state = "header";
    }
  }

  flush(): Part[] {
    return this.#waiting.drop("reasoning", this.#waiting.text.length);
  }
}
