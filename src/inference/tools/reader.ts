/** Tells calls of tools from the text of an answer, while it comes. */
import { type ToolPart, Parts } from "./calls";
import { CALL_FORMATS, type CallFormat } from "./formats";
import { jsonObject } from "./json";
import type { SchemaOf } from "./read-xml";
import type { Tool, ToolFormatName } from "./schemas";
import { Malformed, type Reading, Source } from "./source";

/** Reads one answer. */
interface ToolReader {
  /** The parts that are certain now. Texts and arguments come in pieces, to be joined. */
  push(text: string): ToolPart[];
  /**
   * The rest, at the end of the answer. If the answer was cut (`complete` is false), the beginning of a mark is no text, and the
   * arguments of the last call may be incomplete.
   */
  flush(complete: boolean): ToolPart[];
}

/**
 * Reads answers of a model that writes calls in `format`, to a request with `tools`. At the end of a call, its arguments are valid
 * JSON, whatever the model writes. Anything that is no call is text. `either` says that an answer calls tools or says something, as
 * one does that has to have a form: marks in what it says are text then. Never throws.
 */
export function toolReader(format: ToolFormatName, tools: readonly Tool[], { either = false } = {}): ToolReader {
  return new AnswerReader(CALL_FORMATS[format], tools, either);
}

class AnswerReader implements ToolReader {
  readonly #format: CallFormat;
  readonly #source = new Source();
  readonly #parts: Parts;
  readonly #schemaOf: SchemaOf;
  /** Characters with which no mark begins. */
  readonly #plain: RegExp;
  readonly #either: boolean;
  /** Marks with which calls may begin from here on. */
  #opens: readonly string[];
  readonly #reading: Reading<void>;
  /** Where text begins that may be text or a call; undefined inside a call. */
  #open: number | undefined = 0;

  constructor(format: CallFormat, tools: readonly Tool[], either: boolean) {
    this.#format = format;
    this.#opens = format.opens;
    this.#either = either;
    this.#parts = new Parts(this.#source, (name) => tools.some((tool) => tool.name === name));
    this.#schemaOf = (name) => {
      const { parameters } = tools.find((tool) => tool.name === name) ?? {};
      return parameters === undefined ? undefined : jsonObject(parameters);
    };
    const firsts = format.opens.map((mark) => mark.charAt(0).replace("[", "\\["));
    this.#plain = new RegExp(`[^\\s${firsts.join("")}]+`, "y");
    this.#reading = this.#readAnswer();
  }

  push(text: string): ToolPart[] {
    this.#source.add(text);
    this.#reading.next();
    return this.#parts.take();
  }

  flush(complete: boolean): ToolPart[] {
    if (complete) {
      this.#source.end();
      this.#reading.next();
    } else if (this.#open !== undefined) {
      this.#parts.text(withoutBeginning(this.#source.from(this.#open), this.#opens));
    }
    return this.#parts.take();
  }

  *#readAnswer(): Reading<void> {
    if (this.#format.bare) {
      yield* this.#source.space();
      if (!(yield* this.#readCalls(""))) this.#source.seek(0);
    }
    while (yield* this.#readNext());
  }

  /** Reads a character of text, or a mark and the calls behind it. False at the end. */
  *#readNext(): Reading<boolean> {
    const [source, parts] = [this.#source, this.#parts];
    const from = source.at;
    this.#open = from;
    // Space between a text and a call belongs to neither, and so does space behind the last call.
    yield* source.space();
    const open = yield* source.oneOf(this.#opens);
    if (open !== undefined) {
      this.#open = undefined;
      if (yield* this.#readCalls(open)) return true;
    }
    const end = open === undefined && (yield* source.peek()) === "";
    if (open === undefined && !end) source.skip();
    source.present(this.#plain);
    if (!end || parts.count === 0) parts.text(source.since(from));
    if (this.#either && parts.count === 0) this.#opens = [];
    source.forget();
    return !end;
  }

  /** Reads calls behind a mark. False, and back behind the mark, if there is none. */
  *#readCalls(open: string): Reading<boolean> {
    const [source, parts] = [this.#source, this.#parts];
    const from = source.at;
    const before = parts.count;
    try {
      yield* this.#format.read(source, parts, open, this.#schemaOf);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      source.seek(parts.count > before ? parts.settled : from);
    }
    return parts.count > before;
  }
}

/** The text without an end that could become one of `marks`. */
function withoutBeginning(text: string, marks: readonly string[]): string {
  const most = Math.max(...marks.map((mark) => mark.length)) - 1;
  for (let length = Math.min(most, text.length); length > 0; length--) {
    const end = text.slice(-length);
    if (marks.some((mark) => mark.startsWith(end))) return text.slice(0, -length);
  }
  return text;
}
