/** The parts of a Service Worker's global scope that are used here; the types of pages do not have them. */

/** A page of the site. */
export interface Page {
  readonly id: string;
  readonly url: string;
  postMessage(message: unknown, transfer: Transferable[]): void;
}

/** An event that keeps the worker alive until a promise settles. */
interface LastingEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}

/** A request of a page. */
export interface RequestEvent extends LastingEvent {
  readonly request: Request;
  /** The id of the page that asks; empty if it asks for a page. */
  readonly clientId: string;
  respondWith(reply: Promise<Response>): void;
}

/** The events that the worker handles. */
interface ScopeEvents {
  install: LastingEvent;
  activate: LastingEvent;
  fetch: RequestEvent;
  message: LastingEvent & { readonly data: unknown };
}

/** The global scope. */
export interface SiteWorkerScope {
  readonly registration: { readonly scope: string; readonly installing: unknown; readonly waiting: unknown };
  readonly navigator: { readonly locks: LockManager };
  readonly caches: CacheStorage;
  readonly fetch: typeof globalThis.fetch;
  readonly clients: {
    claim(): Promise<void>;
    matchAll(options: { readonly type: "window"; readonly includeUncontrolled: boolean }): Promise<readonly Page[]>;
  };
  skipWaiting(): Promise<void>;
  addEventListener<K extends keyof ScopeEvents>(type: K, listener: (event: ScopeEvents[K]) => void): void;
}
