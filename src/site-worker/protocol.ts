/** The calls and messages between the site's worker and its pages. */

/** A request to OpenAI's HTTP API, on its way from the worker to a page. */
export interface ApiCall {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** The head of a reply; its body follows. */
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
