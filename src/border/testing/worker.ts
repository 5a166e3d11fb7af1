/** A worker in name: its service lives in this thread, behind the real ports. */
import type { Service } from "..";
import { type Start, type WorkerScope, serveWorker } from "../worker";

/** Stands in for a `Worker` that serves `service`. It may die, with or without an `error` event, or be too busy to hear. */
export class FakeWorker {
  onerror: ((event: { message: string; preventDefault(): void }) => void) | null = null;
  terminated = false;
  /** It computes and computes, and hears nothing. */
  deaf = false;
  readonly #scope: WorkerScope = { onmessage: null };
  #port: MessagePort | undefined;

  constructor(service: Service) {
    serveWorker(service, this.#scope);
  }

  /** This object, for code that takes a `Worker`. */
  get asWorker(): Worker {
    return this as unknown as Worker;
  }

  /** Takes the page's first message. Everything else crosses over the port inside of it. */
  postMessage(start: Start): void {
    const { port } = start;
    const listen = port.addEventListener.bind(port);
    port.addEventListener = (type: string, listener: EventListenerOrEventListenerObject) =>
      listen(type, (event) => {
        if (!this.deaf) (listener as EventListener)(event);
      });
    this.#port = port;
    this.#scope.onmessage?.({ data: start } as MessageEvent<Start>);
  }

  terminate(): void {
    this.terminated = true;
    this.#port?.close();
  }

  crash(message: string): void {
    this.onerror?.({ message, preventDefault: () => undefined });
  }
}
