/** Remembers that a model was being loaded, so that a tab that was killed by it can say so when it returns. */

const KEY = "microgrid.loading";

/** To be called right before a model is loaded. Where storage is refused, crashes stay unnoticed. */
export function markLoading(id: string): void {
  attempt(() => localStorage.setItem(KEY, id));
}

/** To be called when the load has ended, well or with an error. */
export function clearLoading(id: string): void {
  attempt(() => {
    if (localStorage.getItem(KEY) === id) localStorage.removeItem(KEY);
  });
}

/** The model whose load never ended, since the tab died over it; asking forgets it. Undefined where there is none. */
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
