/** Waiting for work that something else may make void before it is done. */

/**
 * Gives a way to wait for work unless `fatal` rejects before, for any number of works. `Promise.race` would keep the result
 * of each for as long as `fatal` stays pending, which may be for ever.
 */
export function unless(fatal: Promise<never>): <T>(work: Promise<T>) => Promise<T> {
  const waiting = new Set<(error: unknown) => void>();
  let over: Error | undefined;
  fatal.catch((error: unknown) => {
    over = error as Error;
    for (const fail of waiting) fail(error);
    waiting.clear();
  });
  return (work) =>
    new Promise((resolve, reject) => {
      if (over) reject(over);
      else waiting.add(reject);
      void work.then(resolve, reject).finally(() => waiting.delete(reject));
    });
}

/**
 * What the work gives, unless the signal is aborted before: then its reason, at once, whatever the work still does. An error
 * of work that nobody waits for any more is nobody's. Nothing is left on the signal when the work is done.
 */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(signal.reason as Error);
    if (signal.aborted) leave();
    else signal.addEventListener("abort", leave, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
  });
}
