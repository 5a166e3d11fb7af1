/** Waiting for many things, one after another, that one event would all make void. */

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
