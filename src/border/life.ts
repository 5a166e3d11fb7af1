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

/** Resolves when the holder of the lock is dead. Rejects with the signal's reason. */
export async function untilDead(name: string, signal: AbortSignal): Promise<void> {
  await lockManager()?.request(name, { signal }, () => undefined);
}

/** The names of the locks that live workers and tabs hold and that begin like this. */
export async function livingWith(prefix: string): Promise<string[]> {
  const { held = [] } = (await lockManager()?.query()) ?? {};
  return held.flatMap(({ name }) => (name?.startsWith(prefix) ? [name] : []));
}

/** Undefined on plain http addresses, and in Node. */
export function lockManager(): LockManager | undefined {
  return typeof navigator !== "undefined" && "locks" in navigator ? navigator.locks : undefined;
}
