/** Waits for work that another event can end early. */
import { onAbort } from "./abort";
import { deferred } from "./deferred";

/**
 * Returns a function that waits for a promise and rejects early if `fatal` rejects. Use it where one event ends many pending
 * operations, such as the crash of a worker. `Promise.race` would keep every result in memory for as long as `fatal` is pending.
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
 * Waits for the work, but rejects with the signal's reason as soon as the signal aborts. Use it for work that takes no signal
 * itself: it continues unnoticed, and errors after the abort are ignored. Leaves no listener on the signal.
 */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = deferred<never>();
  using _ = onAbort(signal, aborted.reject);
  return await Promise.race([aborted.promise, work]);
}
