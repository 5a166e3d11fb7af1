/** News about the version of the page: a new one is ready, or this one is no longer complete. */
import { TypedEventTarget } from "../../core";

/** Work that would end with the page. */
export type Work = "answer" | "download";

/** The state of the page's work, as far as a new version has to know. */
export interface WorkInPage {
  /** The work that runs in any tab of the site. */
  running(): Promise<Work | undefined>;
  /** Resolves when no work runs. Rejects with the signal's reason. */
  idle(signal: AbortSignal): Promise<void>;
}

/**
 * - `ready`: a new version has been fetched and starts when the person wants it.
 * - `waiting`: the person wants it as soon as some work is done.
 * - `incomplete`: a part of this version could not be loaded.
 */
type VersionNews =
  { readonly kind: "ready" } | { readonly kind: "waiting"; readonly work: Work } | { readonly kind: "incomplete" };

/** One per page, from its first moment. Emits `change` when there are other news. */
export class SiteVersion extends TypedEventTarget<{ change: undefined }> {
  #news: VersionNews | undefined;
  /** Starts the new version in all tabs. */
  #start: (() => void) | undefined;
  #waiting: AbortController | undefined;

  get news(): VersionNews | undefined {
    return this.#news;
  }

  /** A new version can take over; `start` makes it do so, which reloads all tabs. */
  isReady(start: () => void): void {
    this.#start = start;
    if (this.#waiting === undefined) this.#tell({ kind: "ready" });
  }

  /** A file of this version is missing. A new version that is ready helps more than a reload. */
  isIncomplete(): void {
    if (this.#start === undefined) this.#tell({ kind: "incomplete" });
  }

  /** Starts the new version; while work runs, waits for its end or for `useNow`. Without `work`, the page has none. */
  async use(work: WorkInPage | undefined): Promise<void> {
    const waiting = new AbortController();
    this.#waiting = waiting;
    const running = await work?.running();
    if (work && running) {
      this.#tell({ kind: "waiting", work: running });
      try {
        await work.idle(waiting.signal);
      } catch {
        return;
      }
    }
    if (!waiting.signal.aborted) this.useNow();
  }

  /** Starts the new version, whatever runs. */
  useNow(): void {
    this.#start?.();
  }

  /** The person does not want to wait for the new version. */
  keep(): void {
    this.#waiting?.abort();
    this.#waiting = undefined;
    this.#tell({ kind: "ready" });
  }

  #tell(news: VersionNews): void {
    this.#news = news;
    this.emit("change", undefined);
  }
}
