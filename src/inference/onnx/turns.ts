/** The run queue of a worker: first come, first served. */

/** Lets pending messages in: a run on WASM never gives the event loop a chance by itself. */
async function nextTask(): Promise<void> {
  // A timer would wait 4 ms here, a third of a small model's token.
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/**
 * Runs pieces of work one after another, in the order in which they were asked for. A sequence asks for one step at
 * a time, so several sequences alternate step by step, and long prompts are fed in chunks between the others' tokens.
 */
export class TurnQueue {
  #last: Promise<unknown> = Promise.resolve();
  /** Resolves when pending messages were let in after the last piece of work. Later work then runs at once. */
  #breath: Promise<void> = Promise.resolve();

  /** Runs `work` when its turn comes. Rejects with the signal's reason if it is aborted before that. */
  run<T>(work: () => Promise<T>, options: { signal?: AbortSignal } = {}): Promise<T> {
    const { signal } = options;
    const turn = this.#last.then(async () => {
      await this.#breath;
      signal?.throwIfAborted();
      try {
        return await work();
      } finally {
        this.#breath = nextTask();
      }
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
