/** A worker behind a border: started when it is first needed, replaced after its death, noticed when it dies. */
import type { Endpoint } from "comlink";
import { type MicrogridError, randomId } from "../core";
import { type Service, connect, serve } from "./calls";
import { holdLife, watchLife } from "./life";

/** The object that every worker serves to the page. */
interface WorkerRoot<T extends Service> {
  readonly service: T;
  /** Holds the worker's life lock; resolves when it is held. */
  hold(lock: string): Promise<void>;
}

/** Serves an object to the page. Called once, by a worker's entry point; tests give the `endpoint` of another thread. */
export function serveWorker(service: Service, endpoint: Endpoint = self as unknown as Worker): void {
  const root: WorkerRoot<Service> = {
    service,
    hold: async (lock) => {
      await holdLife(lock);
    },
  };
  serve(root, endpoint);
}

/** A worker that runs. */
interface Running<T> {
  readonly worker: Worker;
  readonly service: T;
  readonly gone: AbortController;
}

/** How workers of one kind are started, and what their death means. */
export interface WorkerOptions<T> {
  create(): Worker;
  /** Puts the death of a worker into words; `detail` may be empty. */
  crashed(detail: string): MicrogridError;
  /** A worker has just been started. */
  onStart?(service: T): void;
  /** A worker died by itself, or `lose` gave it up. Pending calls have been rejected with `error`. */
  onDeath?(error: Error): void;
}

/**
 * The page's side of a worker. All pending calls reject at once when the worker dies, with or without an `error` event:
 * browsers that need memory end workers silently. The next call starts a fresh one.
 */
export class WorkerConnection<T extends Service> {
  readonly #options: WorkerOptions<T>;
  #running: Running<T> | undefined;

  constructor(options: WorkerOptions<T>) {
    this.#options = options;
  }

  /** The worker's service; starts a worker if none runs. */
  get service(): T {
    return (this.#running ??= this.#start()).service;
  }

  /** The service of the worker that runs. */
  get running(): T | undefined {
    return this.#running?.service;
  }

  /** Gives up the worker whose service this is, as if it had died. Ignored if another worker runs by now. */
  lose(service: T, error: Error): void {
    if (this.#running?.service === service) this.#die(this.#running, error);
  }

  /** Ends the worker; pending calls reject with `error`. */
  end(error: Error): void {
    const running = this.#running;
    this.#running = undefined;
    running?.worker.terminate();
    running?.gone.abort(error);
  }

  #start(): Running<T> {
    const { create, crashed, onStart } = this.#options;
    const worker = create();
    const gone = new AbortController();
    const root = connect<WorkerRoot<T>>(worker, { gone: gone.signal });
    const running: Running<T> = { worker, service: root.service, gone };
    const die = (detail: string): void => this.#die(running, crashed(detail));
    worker.onerror = (event) => {
      event.preventDefault();
      die(event.message);
    };
    const lock = `microgrid/worker/${randomId()}`;
    root.hold(lock).then(
      () => watchLife(lock, gone.signal, () => die("it ended without a word")),
      () => undefined,
    );
    onStart?.(running.service);
    return running;
  }

  #die(running: Running<T>, error: Error): void {
    if (this.#running !== running) return;
    this.end(error);
    this.#options.onDeath?.(error);
  }
}
