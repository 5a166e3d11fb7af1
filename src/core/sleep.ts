/** A delay that an abort ends early. */
import { onAbort } from "./abort";
import { deferred } from "./deferred";

/** Resolves after `ms`, or as soon as the signal aborts. It never rejects, so loops have to check the signal. */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = deferred<unknown>();
  using _ = onAbort(signal, resolve);
  const timer = setTimeout(resolve, ms);
  await promise;
  clearTimeout(timer);
}
