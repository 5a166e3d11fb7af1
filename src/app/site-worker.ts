/** The page's side of the site's Service Worker: it registers the worker, and answers the requests that the worker brings. */
import { holdLife, joining, serve } from "../border";
import { concat, randomId } from "../core";
import type { GridApi, GridState } from "../grid";
import { type Alive, type ApiCall, type PageService, type ReplyHead, isHello, pageLock } from "../site-worker/parts";
import { tellWorker } from "./worker-messages";

type Bytes = Uint8Array<ArrayBuffer>;

/** Registers the worker where the browser has Service Workers. `grid` may still be starting. */
export async function connectSiteWorker(grid: Promise<GridApi>): Promise<ServiceWorkerRegistration | undefined> {
  const life = pageLock(import.meta.env.MICROGRID_BUILD ?? "dev", randomId());
  const held = holdLife(life);
  // Not everywhere: on plain http addresses, in some private windows, in pages that are embedded.
  const workers = "serviceWorker" in navigator ? navigator.serviceWorker : undefined;
  if (!workers) return undefined;
  const service: PageService = { answer: (call, { signal }) => joining(answer(grid, call, signal), joinedBytes) };
  workers.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
    if (!isHello(data)) return;
    const { port } = data;
    void held.then(() => {
      port.postMessage({ life } satisfies Alive);
      serve(service, port);
    });
  });
  workers.startMessages();
  void grid.then((started) => keepFiles(workers, started)).catch(() => undefined);
  // The page works without it, so a browser that refuses is no fault to be shown.
  return workers
    .register(new URL("site-worker.js", document.baseURI), { updateViaCache: "none" })
    .catch(() => undefined);
}

/** Tells the worker whenever the page has loaded files that it did not have before: at its start, and with each model. */
function keepFiles(workers: ServiceWorkerContainer, grid: GridApi): void {
  const tell = (): void => tellWorker(workers.controller, { type: "microgrid/settled" });
  let ready = readyModels(grid.state);
  grid.on("change", (state) => {
    const now = readyModels(state);
    if (now > ready) tell();
    ready = now;
  });
  workers.addEventListener("controllerchange", tell);
  tell();
}

function readyModels({ loads }: GridState): number {
  return Object.values(loads).filter(({ kind }) => kind === "ready").length;
}

async function* answer(
  grid: Promise<GridApi>,
  { url, method, headers, body }: ApiCall,
  signal: AbortSignal,
): AsyncGenerator<ReplyHead | Bytes> {
  const init = { method, headers, signal, ...(body !== undefined && { body }) };
  const { status, headers: told, body: stream } = await (await grid).fetch(url, init);
  yield { status, headers: Object.fromEntries(told) };
  if (stream) yield* piecesOf(stream);
}

/** The pieces of a body. Leaving the loop cancels the body; not all browsers loop over one by themselves. */
async function* piecesOf(body: ReadableStream<Bytes>): AsyncGenerator<Bytes, void> {
  const reader = body.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    await reader.cancel();
  }
}

/** Bytes that travel together are one piece. */
function joinedBytes(before: ReplyHead | Bytes, after: ReplyHead | Bytes): Bytes | undefined {
  return before instanceof Uint8Array && after instanceof Uint8Array ? concat(before, after) : undefined;
}
