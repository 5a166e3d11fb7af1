/**
 * The site's Service Worker: it keeps the files of the site by build, and brings requests to OpenAI's HTTP API to a page that
 * can answer them.
 */
import { answerCall, isApiCall } from "./api";
import type { BuildFiles } from "./build-files";
import { SiteFiles } from "./files";
import { type ToWorker, buildsOf, isToWorker } from "./protocol";
import type { SiteWorkerScope } from "./scope";

/** Starts the worker of a build. Called once, by its entry point. */
export function startSiteWorker(scope: SiteWorkerScope, files: BuildFiles): void {
  const { caches } = scope;
  const site = new SiteFiles({
    files,
    scope: scope.registration.scope,
    caches,
    fetch: (...request) => scope.fetch(...request),
  });
  // The first worker of a site starts at once. Later ones wait until a page asks: their pages would not fit those that are open.
  scope.addEventListener("install", (event) => event.waitUntil(site.install()));
  scope.addEventListener("activate", (event) => event.waitUntil(scope.clients.claim()));
  scope.addEventListener("fetch", (event) => {
    const reply = isApiCall(event.request, scope) ? answerCall(event, scope) : site.reply(event);
    if (reply) event.respondWith(reply);
  });
  scope.addEventListener("message", (event) => {
    if (isToWorker(event.data)) event.waitUntil(heed(event.data));
  });

  async function heed(message: ToWorker): Promise<void> {
    switch (message.type) {
      case "microgrid/which-build":
        message.port.postMessage(files.build);
        return;
      case "microgrid/take-over":
        return scope.skipWaiting();
      case "microgrid/settled":
        await site.keepLoaded();
        return tidy();
    }
  }

  async function tidy(): Promise<void> {
    // A build that is about to take over has no pages yet.
    const { installing, waiting } = scope.registration;
    if (!installing && !waiting) await site.tidy(buildsOf(await scope.navigator.locks.query()));
  }
}
