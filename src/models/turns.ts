/** Lets one caller after another at a thing that only one may use. */
import { deferred, unlessAborted } from "../core";

/** One queue for each key. */
export class Turns {
  readonly #taken = new Map<string, Promise<void>>();

  /** Runs `work` while nobody else works under this key. Rejects with the signal's reason if it is aborted before. */
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
