/** The parts of an answer with calls, as they are read. The arguments of a call are valid JSON at its end, whatever comes. */
import { Malformed, type Reading, type Source } from "./source";

/** A part of an answer: text, the beginning of a call, or more of the JSON text of a call's arguments. */
export type ToolPart =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "call"; readonly index: number; readonly name: string }
  | { readonly type: "arguments"; readonly index: number; readonly text: string };

/** Collects the parts between two looks at them. */
export class Parts {
  /** Number of calls so far. */
  count = 0;
  /** The place behind the last call. */
  settled = 0;
  #parts: ToolPart[] = [];
  readonly #source: Source;
  readonly #known: (name: string) => boolean;

  /** `known` says whether there is a tool of a name. */
  constructor(source: Source, known: (name: string) => boolean) {
    this.#source = source;
    this.#known = known;
  }

  text(text: string): void {
    const last = this.#parts.at(-1);
    if (last?.type === "text") this.#parts.splice(-1, 1, { ...last, text: last.text + text });
    else if (text !== "") this.#parts.push({ type: "text", text });
  }

  /** A call that begins. `sure` is false where no mark says that it is one; then it has to be a call of a known tool. */
  call(sure: boolean): Call {
    return new Call({
      begin: (name) => {
        if (!sure && !this.#known(name)) throw new Malformed();
        this.#parts.push({ type: "call", index: this.count++, name });
      },
      write: (text) => {
        const last = this.#parts.at(-1);
        if (last?.type === "arguments") this.#parts.splice(-1, 1, { ...last, text: last.text + text });
        else this.#parts.push({ type: "arguments", index: this.count - 1, text });
        this.#source.forget();
      },
      end: () => (this.settled = this.#source.at),
    });
  }

  /** The parts since the last call of this. */
  take(): ToolPart[] {
    return this.#parts.splice(0);
  }
}

/** Where a call goes. */
interface Hearer {
  begin(name: string): void;
  write(text: string): void;
  end(): void;
}

/** A call while it is read. Its arguments go out as soon as its name is known. */
export class Call {
  readonly #to: Hearer;
  #name: string | undefined;
  #begun = false;
  /** The arguments that came before the name. */
  #waiting = "";
  /** Text that goes out only if more follows: JSON has no comma before the end of a list. */
  #held = "";
  /** Texts that would complete what is open, the outermost first. */
  readonly #ends: string[] = [];

  constructor(to: Hearer) {
    this.#to = to;
  }

  /** True once there are arguments. */
  get written(): boolean {
    return this.#begun || this.#waiting !== "";
  }

  /** How many values are open inside one another. */
  get depth(): number {
    return this.#ends.length;
  }

  set name(name: string) {
    if (name === "" || this.#begun) throw new Malformed();
    this.#name = name;
    if (this.#waiting !== "") this.#begin(name);
  }

  /** More of the arguments. */
  write(text: string): void {
    if (text === "") return;
    if (!this.#begun && this.#name !== undefined) this.#begin(this.#name);
    const all = this.#held + text;
    this.#held = "";
    if (this.#begun) this.#to.write(all);
    else this.#waiting += all;
  }

  /** Text to be written before the next one. */
  hold(text: string): void {
    this.#held += text;
  }

  /** Says that `end` would complete what now begins. */
  open(end: string): void {
    this.#ends.push(end);
  }

  /** Says that what was opened last is complete. */
  close(): void {
    this.#ends.pop();
  }

  /** Runs a reader of this call. If it fails, the arguments that have gone out are completed, and the rest is text. */
  *reading(reader: Reading<void>): Reading<void> {
    try {
      yield* reader;
    } catch (error) {
      if (this.#begun) this.end();
      throw error;
    }
  }

  /** Ends the call: completes what is open. Throws `Malformed` for a call without a name. */
  end(): void {
    this.#held = "";
    const rest = this.#ends.splice(0).reverse().join("");
    this.write(this.written ? rest : "{}");
    if (!this.#begun) throw new Malformed();
    this.#to.end();
  }

  #begin(name: string): void {
    this.#to.begin(name);
    this.#begun = true;
    const waiting = this.#waiting;
    this.#waiting = "";
    if (waiting !== "") this.#to.write(waiting);
  }
}

/** A call whose arguments go nowhere but into `text`, for values that have to be known as a whole. */
export function collected(): { readonly call: Call; text(): string } {
  let all = "";
  const call = new Call({ begin: () => undefined, write: (text) => (all += text), end: () => undefined });
  call.name = "collected";
  return { call, text: () => all };
}
