/** Messages of the page to a Service Worker of the site. */
import type { ToWorker } from "../site-worker/parts";

/** How long a worker has to say of which build it is. One that does not know the question says nothing. */
const ANSWER_MS = 5_000;

/** Sends a message; does nothing without a worker. */
export function tellWorker(worker: ServiceWorker | null, message: ToWorker, transfer: Transferable[] = []): void {
  worker?.postMessage(message, transfer);
}

/** The build whose files a worker gives; undefined if it does not say. */
export async function buildOf(worker: ServiceWorker): Promise<string | undefined> {
  const { port1, port2 } = new MessageChannel();
  try {
    return await new Promise((resolve) => {
      port1.onmessage = ({ data }: MessageEvent<string>) => resolve(data);
      setTimeout(() => resolve(undefined), ANSWER_MS);
      tellWorker(worker, { type: "microgrid/which-build", port: port2 }, [port2]);
    });
  } finally {
    port1.close();
  }
}
