/** Life locks: a Web Lock that a worker or a tab holds as long as it lives, so that others notice its death at once. */

/** Holds the lock until the result is called or this worker or tab dies. Resolves when the lock is held. */
export async function holdLife(name: string): Promise<() => void> {
  const locks = lockManager();
  if (!locks) return () => undefined;
  return new Promise((resolve) => {
    void locks.request(name, () => new Promise<void>((release) => resolve(release)));
  });
}

/** Calls back when the holder of the lock is dead; never where the browser has no locks. */
export function watchLife(name: string, signal: AbortSignal, onDeath: () => void): void {
  lockManager()
    ?.request(name, { signal }, onDeath)
    .catch(() => undefined);
}

/** Undefined on plain http addresses, and in Node. */
export function lockManager(): LockManager | undefined {
  return typeof navigator !== "undefined" && "locks" in navigator ? navigator.locks : undefined;
}
