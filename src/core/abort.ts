/** Reacts to the abort of a signal. */

/** Older browsers lack `Symbol.dispose`. There, the code that a build makes of `using` looks for this symbol instead. */
const DISPOSE: typeof Symbol.dispose = Symbol.dispose ?? (Symbol.for("Symbol.dispose") as typeof Symbol.dispose);

/**
 * Calls back once, with the signal's reason, when the signal aborts; at once if it already has. The result takes the listener
 * off the signal: `using _ = onAbort(…)` does so at the end of the block, and calling the result does so earlier.
 */
export function onAbort(signal: AbortSignal, callback: (reason: Error) => void): Disposable & (() => void) {
  const listener = (): void => callback(signal.reason as Error);
  const stop = (): void => signal.removeEventListener("abort", listener);
  if (signal.aborted) listener();
  else signal.addEventListener("abort", listener);
  return Object.assign(stop, { [DISPOSE]: stop });
}
