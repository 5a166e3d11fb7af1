/** Work over many items, a few at a time. */

/** Runs `work` over all items, `width` at a time; the first failure stops the others and is thrown when they have. */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  signal: AbortSignal,
  work: (item: T, index: number, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failure = new AbortController();
  const stop = AbortSignal.any([signal, failure.signal]);
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) {
      if (stop.aborted) return;
      await work(item, index, stop).catch((error: unknown) => failure.abort(error));
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  stop.throwIfAborted();
}
