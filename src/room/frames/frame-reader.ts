/** Reads the first frames of a link one by one, before the rest goes to whoever the link belongs to. */
import { MicrogridError, deferred } from "../../core";
import type { FrameOf, FrameTable, Link } from "../../wire";
import { HELLO_TIMEOUT_MS } from "../constants";

/** A link whose frames are taken one by one. Those that are not taken yet wait, still encoded. */
export class FrameReader<T extends FrameTable> {
  readonly #link: Link<T>;

  constructor(link: Link<T>) {
    this.#link = link;
  }

  /**
   * The next frame, which must be of one of these kinds; another is not even decoded. Throws `peer-protocol` for another kind, and
   * `peer-lost` where none comes within `timeoutMs` or the link ends.
   */
  async take<K extends keyof T & string>(
    kinds: readonly K[],
    timeoutMs: number = HELLO_TIMEOUT_MS,
  ): Promise<Extract<FrameOf<T>, { kind: K }>> {
    const link = this.#link;
    const due = kinds.join(" or ");
    const { promise, resolve, reject } = deferred<Extract<FrameOf<T>, { kind: K }>>();
    const timer = setTimeout(() => link.close(`it did not send ${due} in time`), timeoutMs);
    link.listen(
      (frame) => {
        link.pause();
        resolve(frame as Extract<FrameOf<T>, { kind: K }>);
      },
      ({ kind }) => {
        if ((kinds as readonly string[]).includes(kind)) return true;
        reject(new MicrogridError("peer-protocol", `A device sent ${kind} where ${due} was due.`));
        link.pause();
        link.close(`it sent ${kind} where ${due} was due`);
        return false;
      },
    );
    void link.closed.then((cause) =>
      reject(new MicrogridError("peer-lost", `A device went away again: ${cause}.`, { cause })),
    );
    return promise.finally(() => clearTimeout(timer));
  }

  /** Nothing more is expected: the link ends with the next frame, or after a while. */
  closeSoon(reason: string): void {
    const close = (): void => this.#link.close(reason);
    this.#link.listen(close, () => {
      close();
      return false;
    });
    const timer = setTimeout(close, HELLO_TIMEOUT_MS);
    void this.#link.closed.then(() => clearTimeout(timer));
  }
}
