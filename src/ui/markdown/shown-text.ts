/** One text of the page as blocks of HTML, read elsewhere while it is still being written. */
import { NotRead } from "../../border";
import { randomId } from "../../core";
import type { MarkdownReader } from "./reader";

/** The page rests this many times as long as it has taken to show a text, so that a hostile text leaves it most of its time. */
const REST = 4;
/** Showing a text that takes less is not worth a rest, ms. */
const QUICK_MS = 8;

interface Version {
  readonly text: string;
  readonly complete: boolean;
}

interface ShownTextOptions {
  readonly reader: Pick<MarkdownReader, "read" | "coloured" | "forget">;
  /** There is something new to show. */
  onChange(): void;
  /** How long the page took to show the last change, ms. */
  lastDrawMs(): number;
}

/**
 * Keeps the newest version of a text read. Versions that come faster than they can be read and shown are left out.
 * `onChange` is called when `blocks` or `raw` are others.
 */
export class ShownText {
  readonly #options: ShownTextOptions;
  readonly #id = randomId();
  #wanted: Version = { text: "", complete: false };
  #read = this.#wanted;
  #blocks: readonly string[] | undefined;
  #problem: NotRead | undefined;
  #reading: Promise<void> | undefined;
  #closed = false;

  constructor(options: ShownTextOptions) {
    this.#options = options;
  }

  /** The HTML of each block, not safe yet; undefined until the text was read for the first time. */
  get blocks(): readonly string[] | undefined {
    return this.#problem ? undefined : this.#blocks;
  }

  /** Why the text can only be shown as it is written. */
  get problem(): NotRead | undefined {
    return this.#problem;
  }

  /** Resolves when the newest version is read. */
  async settled(): Promise<void> {
    while (this.#reading) await this.#reading;
  }

  /** Tells the newest version. `complete` says that no text will follow. */
  update(text: string, complete: boolean): void {
    this.#closed = false;
    if (text === this.#wanted.text && complete === this.#wanted.complete) return;
    this.#wanted = { text, complete };
    this.#begin();
  }

  /** Stops reading, as when the text is not shown any more. `update` begins again. */
  close(): void {
    this.#closed = true;
    this.#options.reader.forget(this.#id);
  }

  #begin(): void {
    if (this.#problem || this.#reading) return;
    this.#reading = this.#run().finally(() => (this.#reading = undefined));
  }

  async #run(): Promise<void> {
    const { reader, onChange, lastDrawMs } = this.#options;
    while (this.#read !== this.#wanted && !this.#closed) {
      const version = this.#wanted;
      try {
        const { kept, blocks, uncoloured } = await reader.read(this.#id, version.text, version.complete);
        this.#blocks = [...(this.#blocks ?? []).slice(0, kept), ...blocks];
        this.#read = version;
        if (uncoloured) void reader.coloured().then(this.#again, () => undefined);
      } catch (error) {
        this.#problem = error instanceof NotRead ? error : new NotRead(false, error);
        onChange();
        return;
      }
      onChange();
      const ms = lastDrawMs();
      if (ms > QUICK_MS) await new Promise((resolve) => setTimeout(resolve, REST * ms));
    }
  }

  /** Reads the same text again, with colours. */
  readonly #again = (): void => {
    this.#wanted = { ...this.#wanted };
    if (!this.#closed) this.#begin();
  };
}
