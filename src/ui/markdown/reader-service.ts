/** Reads Markdown away from the page's thread: the object that `workers/markdown.ts` serves. */
import { LiveDocument } from "./document";
import { colouring } from "./wanted";

/** A text that was read: what has changed since the last time. */
export interface MarkdownReading {
  /** How many blocks at the beginning are the same as before. */
  readonly kept: number;
  /** The HTML of the blocks after them, not safe yet. */
  readonly blocks: readonly string[];
  /** True if there will be colours as soon as `coloured` resolves. */
  readonly uncoloured: boolean;
}

interface OpenDocument {
  readonly document: LiveDocument;
  blocks: readonly string[];
}

/** The texts that are shown, by ids of the page. */
export class MarkdownService {
  readonly #open = new Map<string, OpenDocument>();

  /** Resolves when the worker runs. */
  ready(): Promise<void> {
    return Promise.resolve();
  }

  /** Reads a text that has grown or changed. `complete` says that no text will follow: then it is forgotten. */
  read(id: string, text: string, complete: boolean): Promise<MarkdownReading> {
    const open = this.#open.get(id) ?? { document: new LiveDocument(), blocks: [] };
    const all = open.document.update(text, complete);
    const differs = all.findIndex((block, index) => block !== open.blocks[index]);
    const kept = differs < 0 ? all.length : differs;
    open.blocks = all;
    if (complete) this.#open.delete(id);
    else this.#open.set(id, open);
    return Promise.resolve({ kept, blocks: all.slice(kept), uncoloured: colouring.pending });
  }

  /** Resolves when code can have its colours; never, if they cannot be loaded. */
  async coloured(): Promise<void> {
    await new Promise<void>((resolve) => {
      if (colouring.loaded) resolve();
      else colouring.on("loaded", () => resolve());
    });
  }

  /** Forgets a text that is not shown any more. */
  forget(id: string): Promise<void> {
    this.#open.delete(id);
    return Promise.resolve();
  }
}
