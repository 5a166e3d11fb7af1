/** Reads the first frames of a link one by one, before the rest goes to whoever the link belongs to. */
import { MicrogridError } from "../../core";
import type { FrameOf, FrameTable, Link } from "../../wire";
import { HELLO_TIMEOUT_MS } from "../constants";

/** Frames that may wait to be read: nobody sends more before an answer. */
const MAX_WAITING = 32;

/** A link whose frames are taken one by one. */
export class FrameReader<T extends FrameTable> {
  readonly #link: Link<T>;
  readonly #frames: FrameOf<T>[] = [];
  #wake: () => void = () => undefined;
  #forward: ((frame: FrameOf<T>) => void) | undefined;

  constructor(link: Link<T>) {
    this.#link = link;
    link.listen((frame) => {
      if (this.#forward) this.#forward(frame);
      else if (this.#frames.length < MAX_WAITING) this.#frames.push(frame);
      else link.close("it sends without waiting for answers");
      this.#wake();
    });
    void link.closed.then(() => this.#wake());
  }

  /**
   * The next frame, which must be of one of these kinds. Throws `peer-protocol` for another kind, and `peer-lost` where
   * none comes within `timeoutMs` or the link ends.
   */
  async take<K extends keyof T & string>(
    kinds: readonly K[],
    timeoutMs: number = HELLO_TIMEOUT_MS,
  ): Promise<Extract<FrameOf<T>, { kind: K }>> {
    const due = kinds.join(" or ");
    const timer = setTimeout(() => this.#link.close(`it did not send ${due} in time`), timeoutMs);
    try {
      for (;;) {
        const frame = this.#frames.shift();
        if (frame && (kinds as readonly string[]).includes(frame.kind)) {
          return frame as Extract<FrameOf<T>, { kind: K }>;
        }
        if (frame) {
          this.#link.close(`it sent ${frame.kind} where ${due} was due`);
          throw new MicrogridError("peer-protocol", `A device sent ${frame.kind} where ${due} was due.`);
        }
        if (!this.#link.open) {
          const cause = await this.#link.closed;
          throw new MicrogridError("peer-lost", `A device went away again: ${cause}.`, { cause });
        }
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Nothing more is expected: the link ends with the next frame, or after a while. */
  closeSoon(reason: string): void {
    const close = (): void => this.#link.close(reason);
    this.#frames.length = 0;
    this.#forward = close;
    const timer = setTimeout(close, HELLO_TIMEOUT_MS);
    void this.#link.closed.then(() => clearTimeout(timer));
  }

  /** From now on all frames go there, those that wait first. */
  forward(listener: (frame: FrameOf<T>) => void): void {
    const frames = this.#frames.splice(0);
    this.#forward = listener;
    for (const frame of frames) listener(frame);
  }
}
