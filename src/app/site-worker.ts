/** The page's side of the site's Service Worker: it registers the worker, and answers the requests that the worker brings. */
import { holdLife, serve } from "../border";
import { randomId } from "../core";
import type { GridApi, GridState } from "../grid";
import { type Alive, type ApiCall, type PageService, type ReplyHead, isHello, pageLock } from "../site-worker/parts";
import { gathered } from "./gathered";
import { tellWorker } from "./worker-messages";

/** Registers the worker where the browser has Service Workers. `grid` may still be starting. */
export async function connectSiteWorker(grid: Promise<GridApi>): Promise<ServiceWorkerRegistration | undefined> {
  const life = pageLock(import.meta.env.MICROGRID_BUILD ?? "dev", randomId());
  const held = holdLife(life);
  // Not everywhere: on plain http addresses, in some private windows, in pages that are embedded.
  const workers = "serviceWorker" in navigator ? navigator.serviceWorker : undefined;
  if (!workers) return undefined;
  const service: PageService = { answer: (call, { signal }) => answer(grid, call, signal) };
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
): AsyncGenerator<ReplyHead | Uint8Array<ArrayBuffer>> {
  const init = { method, headers, signal, ...(body !== undefined && { body }) };
  const { status, headers: told, body: stream } = await (await grid).fetch(url, init);
  const pieces = stream ? gathered(stream) : undefined;
  const start = await pieces?.next();
  yield { status, headers: Object.fromEntries(told), start: start?.value ?? undefined };
  if (pieces) yield* pieces;
}
