/**
 * OpenAI's HTTP API on the site's own origin. The worker only finds a page and passes the request on: the page computes and
 * writes the reply, so it does not matter how long browsers let a Service Worker live.
 */
import { connect, watchLife } from "../border";
import { MicrogridError } from "../core";
import type { Alive, ApiCall, Hello, PageService, ReplyHead } from "./protocol";
import type { Page, RequestEvent, SiteWorkerScope } from "./scope";

/** How long pages have to say that they are there. A page that is frozen in the background says nothing. */
const HELLO_MS = 3_000;

/** A page that is there. */
interface Answering {
  readonly service: PageService;
  /** Aborted when the page dies. */
  readonly gone: AbortSignal;
}

/**
 * The connections to pages that have answered, by the pages' ids. A worker that the browser has started again has none.
 * Only a page's own requests use its connection without a question: a page that asks is not frozen.
 */
const connected = new Map<string, Answering>();

/** True if a request is for the API. */
export function isApiCall({ url }: Request, scope: SiteWorkerScope): boolean {
  return url.startsWith(new URL("v1/", scope.registration.scope).href);
}

/** Answers a request to the API with the help of a page. Never rejects. */
export async function answerCall({ request, clientId }: RequestEvent, scope: SiteWorkerScope): Promise<Response> {
  // Otherwise, a form of another site could make the browser ask without the user's consent.
  if (request.mode === "navigate" && request.method !== "GET") {
    return failure(403, "navigation", "This address is for programs. Forms of web pages cannot use it.");
  }
  const page = connected.get(clientId) ?? (await firstToAnswer(await pagesOf(scope, clientId)));
  if (!page) {
    const { scope: site } = scope.registration;
    return failure(503, "no_page", `No page of Microgrid is open in this browser. Open ${site} and keep it open.`);
  }
  try {
    return await passOn(request, page);
  } catch (error) {
    if (request.signal.aborted) throw error;
    return failure(502, "page_lost", error instanceof Error ? error.message : String(error));
  }
}

/** All pages, the one that asks first. */
async function pagesOf(scope: SiteWorkerScope, clientId: string): Promise<readonly Page[]> {
  const pages = await scope.clients.matchAll({ type: "window", includeUncontrolled: true });
  return [...pages].sort((a, b) => Number(b.id === clientId) - Number(a.id === clientId));
}

async function passOn(request: Request, page: Answering): Promise<Response> {
  const call: ApiCall = {
    url: request.url,
    method: request.method,
    headers: Object.fromEntries(request.headers),
    body: request.method === "GET" || request.method === "HEAD" ? undefined : await request.text(),
  };
  const signal = AbortSignal.any([request.signal, page.gone]);
  const stream = page.service.answer(call, { signal })[Symbol.asyncIterator]();
  const first = await stream.next();
  const { status, headers } = first.value as ReplyHead;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const next = await stream.next();
      if (next.done) controller.close();
      else controller.enqueue(next.value as Uint8Array<ArrayBuffer>);
    },
    async cancel() {
      await stream.return?.();
    },
  });
  return new Response(body, { status, headers });
}

/** Asks all pages whether they are there, and takes the first that is. */
async function firstToAnswer(pages: readonly Page[]): Promise<Answering | undefined> {
  const channels = pages.map((page) => {
    const { id } = page;
    const { port1, port2 } = new MessageChannel();
    const alive = new Promise<Alive>((resolve) => {
      port1.onmessage = ({ data }: MessageEvent<Alive>) => resolve(data);
    });
    page.postMessage({ type: "microgrid/hello", port: port2 } satisfies Hello, [port2]);
    return { id, port: port1, alive };
  });
  const answers = channels.map(async ({ id, port, alive }) => ({ id, port, life: (await alive).life }));
  const chosen = await Promise.race([
    ...answers,
    new Promise<undefined>((resolve) => setTimeout(resolve, pages.length === 0 ? 0 : HELLO_MS)),
  ]);
  for (const { port } of channels) if (port !== chosen?.port) port.close();
  return chosen && connectionTo(chosen);
}

/** The connection to a page that is there, for this request and later ones, until the page dies. */
function connectionTo({ id, port, life }: { id: string; port: MessagePort; life: string }): Answering {
  const known = connected.get(id);
  if (known) {
    port.close();
    return known;
  }
  const gone = new AbortController();
  const page = { service: connect<PageService>(port, { gone: gone.signal }), gone: gone.signal };
  connected.set(id, page);
  watchLife(life, new AbortController().signal, () => {
    connected.delete(id);
    gone.abort(new MicrogridError("closed", "The page that computed the answer was closed. Ask again."));
    port.close();
  });
  return page;
}

/** An error in OpenAI's shape. */
function failure(status: number, code: string, message: string): Response {
  const error = { message, type: status < 500 ? "invalid_request_error" : "server_error", param: null, code };
  return Response.json({ error }, { status, headers: status === 503 ? { "retry-after": "1" } : {} });
}
