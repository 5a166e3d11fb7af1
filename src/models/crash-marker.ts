/**
 * Remembers which model is being loaded, so that a tab that was killed during the load can report it on its next start.
 */

const KEY = "microgrid.loading";

/** Call this right before a model is loaded. If the browser refuses storage, crashes go unnoticed. */
export function markLoading(id: string): void {
  attempt(() => localStorage.setItem(KEY, id));
}

/** Call this when the load has ended, successfully or not. */
export function clearLoading(id: string): void {
  attempt(() => {
    if (localStorage.getItem(KEY) === id) localStorage.removeItem(KEY);
  });
}

/** The model whose load never ended because the tab died, or undefined. Calling this also forgets the model. */
export function crashedLoad(): string | undefined {
  return attempt(() => {
    const id = localStorage.getItem(KEY) ?? undefined;
    localStorage.removeItem(KEY);
    return id;
  });
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
