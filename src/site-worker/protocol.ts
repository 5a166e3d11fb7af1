/** The calls and messages between the site's worker and its pages. */

/** A request to OpenAI's HTTP API, on its way from the worker to a page. */
export interface ApiCall {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** The head of a reply; the rest of its body follows. */
export interface ReplyHead {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** The service that a page gives to the site's worker. */
export interface PageService {
  /** Answers a request: first the head of the reply, then its body in pieces. Leaving the stream stops the answer. */
  answer(call: ApiCall, options: { readonly signal: AbortSignal }): AsyncIterable<ReplyHead | Uint8Array<ArrayBuffer>>;
}

/** The message with which the worker asks whether a page can answer. */
export interface Hello {
  readonly type: "microgrid/hello";
  /** The worker's calls arrive here. */
  readonly port: MessagePort;
}

/** A page's answer: it holds the lock of this name as long as it lives. */
export interface Alive {
  readonly life: string;
}

/** True for the worker's question. */
export function isHello(data: unknown): data is Hello {
  return typeof data === "object" && data !== null && (data as { type?: unknown }).type === "microgrid/hello";
}

/** A message of a page to the worker of the site, or to one that waits to become it. */
export type ToWorker =
  /** Which build's files does it give? The id comes over the port. */
  | { readonly type: "microgrid/which-build"; readonly port: MessagePort }
  /** It is to replace the worker before it. */
  | { readonly type: "microgrid/take-over" }
  /** The page has loaded what it needs: what came past the worker can be kept, and what nobody needs any more be deleted. */
  | { readonly type: "microgrid/settled" };

const TO_WORKER: readonly unknown[] = [
  "microgrid/which-build",
  "microgrid/take-over",
  "microgrid/settled",
] satisfies ToWorker["type"][];

/** True for a message to the worker. */
export function isToWorker(data: unknown): data is ToWorker {
  return typeof data === "object" && data !== null && TO_WORKER.includes((data as { type?: unknown }).type);
}

/** Locks of pages begin with this. */
export const PAGE_LOCK = "microgrid/page/";

/** The lock that a page of a build holds as long as it lives. */
export function pageLock(build: string, id: string): string {
  return `${PAGE_LOCK}${build}/${id}`;
}

/** The builds that have pages now. */
export function buildsOf({ held = [] }: LockManagerSnapshot): ReadonlySet<string> {
  const pages = held.flatMap(({ name }) => (name?.startsWith(PAGE_LOCK) ? [name.slice(PAGE_LOCK.length)] : []));
  return new Set(pages.map((page) => page.split("/", 1)[0]!));
}
