/** Waiting before another try, in a way that can be cancelled. */

const FIRST_DELAY_MS = 300;
const LONGEST_DELAY_MS = 8_000;

/** Milliseconds before try number `failures + 1`: doubled each time, with jitter so that many do not come at once. */
export function backoffMs(failures: number, random: () => number = Math.random): number {
  const full = Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), LONGEST_DELAY_MS);
  return full * (0.5 + random() / 2);
}

/** Resolves after `ms`; rejects with the signal's reason as soon as it is aborted. */
export async function delay(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
