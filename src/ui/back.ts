/** Lets the browser's Back close what lies over the page, instead of leaving the chat beneath. */

/** Closes one thing that lies over the page. Resolves to false if it stays open. */
export type Close = () => boolean | Promise<boolean>;

interface Layer {
  readonly close: Close;
  /** True once Back was pressed on it: its entry is gone from the history, and it is closing. */
  leaving: boolean;
}

/** The state of an entry that belongs to a layer. */
interface Entry {
  readonly layers: number;
}

/**
 * Keeps one entry in the browser's history for each layer over the page. Back removes the newest entry and closes its
 * layer; a layer that closes otherwise takes its entry with it, so that no press of Back does nothing.
 */
export class BackCloses {
  readonly #layers = new Map<object, Layer>();
  #settling = false;
  /** True while the history moves because layers have closed. */
  #moving = false;

  /** Begins to listen to Back. */
  connect(): void {
    addEventListener("popstate", this.#popped);
    // After a reload, nothing is open any more.
    this.#settle();
  }

  disconnect(): void {
    removeEventListener("popstate", this.#popped);
  }

  /** Says that `layer` is open, and how to close it; `undefined` says that it is closed. Repeating either is fine. */
  set(layer: object, close: Close | undefined): void {
    if (close === undefined ? !this.#layers.delete(layer) : this.#layers.has(layer)) return;
    if (close) this.#layers.set(layer, { close, leaving: false });
    this.#settle();
  }

  // Later, because one layer often closes when another opens.
  #settle(): void {
    if (this.#settling) return;
    this.#settling = true;
    setTimeout(() => {
      this.#settling = false;
      if (this.#moving) return;
      const wanted = this.#open().length;
      const depth = depthOf(history.state);
      this.#moving = wanted < depth;
      if (this.#moving) history.go(wanted - depth);
      for (let layers = depth + 1; layers <= wanted; layers++) history.pushState({ layers } satisfies Entry, "");
    });
  }

  #open(): Layer[] {
    return [...this.#layers.values()].filter(({ leaving }) => !leaving);
  }

  readonly #popped = (): void => {
    if (this.#moving) {
      this.#moving = false;
      this.#settle();
      return;
    }
    for (const layer of this.#open().slice(depthOf(history.state)).reverse()) void this.#leave(layer);
  };

  async #leave(layer: Layer): Promise<void> {
    layer.leaving = true;
    if (await layer.close()) return;
    layer.leaving = false;
    this.#settle();
  }
}

/** How many layers lie over the page in this entry of the history. */
export function depthOf(state: unknown): number {
  return (state as Entry | null | undefined)?.layers ?? 0;
}

/** The page's own. */
export const backCloses = new BackCloses();
