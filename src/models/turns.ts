/** Lets one caller after another at a thing that only one may use. */
import { deferred } from "../core";

/** One queue for each key. */
export class Turns {
  readonly #taken = new Map<string, Promise<void>>();

  /** Runs `work` while nobody else works under this key. Rejects with the signal's reason if it is aborted before. */
  async take<T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    for (let other = this.#taken.get(key); other; other = this.#taken.get(key)) await unlessAborted(other, signal);
    signal.throwIfAborted();
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

async function unlessAborted(wait: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const left = deferred<void>();
  const leave = (): void => left.reject(signal.reason);
  signal.addEventListener("abort", leave, { once: true });
  try {
    await Promise.race([wait, left.promise]);
  } finally {
    signal.removeEventListener("abort", leave);
  }
}
