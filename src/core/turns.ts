/** Lets callers use something one after another. */
import { deferred } from "./deferred";
import { unlessAborted } from "./race";

/** A mutex for each key. Use it where asynchronous work on the same thing must not overlap. */
export class Turns {
  readonly #taken = new Map<string, Promise<void>>();

  /**
   * Waits until no other work runs under this key, then runs `work`. Rejects with the signal's reason if the signal
   * aborts before.
   */
  async take<T>(key: string, work: () => Promise<T>, { signal }: { signal?: AbortSignal } = {}): Promise<T> {
    for (let other = this.#taken.get(key); other; other = this.#taken.get(key)) {
      await (signal ? unlessAborted(other, signal) : other);
    }
    signal?.throwIfAborted();
    const { promise, resolve } = deferred<void>();
    this.#taken.set(key, promise);
    try {
      return await work();
    } finally {
      this.#taken.delete(key);
      resolve();
    }
  }
}
