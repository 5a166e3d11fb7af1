/** The site's Service Worker: it brings requests to OpenAI's HTTP API to a page that can answer them. */
import { answerCall, isApiCall } from "./api";
import type { SiteWorkerScope } from "./scope";

/** Starts the worker. Called once, by its entry point. */
export function startSiteWorker(scope: SiteWorkerScope): void {
  // Nothing depends on the version of the worker yet, so a new one takes over at once.
  scope.addEventListener("install", () => void scope.skipWaiting());
  scope.addEventListener("activate", (event) => event.waitUntil(scope.clients.claim()));
  scope.addEventListener("fetch", (event) => {
    if (isApiCall(event.request, scope)) event.respondWith(answerCall(event, scope));
  });
}
