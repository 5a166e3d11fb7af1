/** Messages of the page to a Service Worker of the site. */
import type { ToWorker } from "../site-worker/parts";

/** Sends a message; does nothing without a worker. */
export function tellWorker(worker: ServiceWorker | null, message: ToWorker, transfer: Transferable[] = []): void {
  worker?.postMessage(message, transfer);
}
