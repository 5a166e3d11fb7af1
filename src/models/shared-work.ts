/** Work that several callers can wait for: it is done once, and stopped when the last of them has left. */
import { unlessAborted } from "../core";

interface Waiter<P> {
  readonly onProgress: (progress: P) => void;
}

/** Runs at most one piece of work per key and gives its result to every caller that joined. */
export class SharedWork<T, P> {
  readonly #running = new Map<string, Run<T, P>>();

  /**
   * Joins the work with this key; if there is none, starts it with `start`. Rejects with the signal's reason when the
   * signal aborts. The work itself is aborted only when no caller waits for it any more.
   */
  async join(
    key: string,
    start: (signal: AbortSignal, onProgress: (progress: P) => void) => Promise<T>,
    options: { signal: AbortSignal; onProgress: (progress: P) => void },
  ): Promise<T> {
    options.signal.throwIfAborted();
    let run = this.#running.get(key);
    if (!run) {
      const started = new Run<T, P>(start);
      this.#running.set(key, started);
      const forget = (): void => {
        if (this.#running.get(key) === started) this.#running.delete(key);
      };
      started.onAbandoned = forget;
      started.result.then(forget, forget);
      run = started;
    }
    return run.wait(options);
  }
}

class Run<T, P> {
  readonly result: Promise<T>;
  onAbandoned: () => void = () => undefined;
  readonly #controller = new AbortController();
  readonly #waiters = new Set<Waiter<P>>();
  #last: { readonly progress: P } | undefined;

  constructor(start: (signal: AbortSignal, onProgress: (progress: P) => void) => Promise<T>) {
    this.result = start(this.#controller.signal, (progress) => {
      this.#last = { progress };
      for (const waiter of this.#waiters) waiter.onProgress(progress);
    });
  }

  async wait(options: { signal: AbortSignal; onProgress: (progress: P) => void }): Promise<T> {
    const { signal } = options;
    const waiter = { onProgress: options.onProgress };
    this.#waiters.add(waiter);
    if (this.#last) waiter.onProgress(this.#last.progress);
    try {
      return await unlessAborted(this.result, signal);
    } finally {
      this.#waiters.delete(waiter);
      if (this.#waiters.size === 0) {
        this.onAbandoned();
        this.#controller.abort();
      }
    }
  }
}
