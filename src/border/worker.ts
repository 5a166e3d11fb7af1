/** A worker behind a border: started when it is first needed, replaced after its death, noticed when it dies. */
import { type MicrogridError, randomId } from "../core";
import { type Service, connect, serve } from "./calls";
import { holdLife, watchLife } from "./life";

/** Browsers give no reason when a policy of the page forbids a worker, so the likeliest one is named. */
const NOT_STARTED =
  "it could not be started; if this page has a Content-Security-Policy, its worker-src and script-src must allow the " +
  "site that Microgrid comes from";

/** The first message to a worker. */
export interface Start {
  /** The name of the lock that the worker holds as long as it lives. */
  readonly life: string;
  /** The worker's end of the border. Calls wait in this port until the worker holds its lock. */
  readonly port: MessagePort;
}

/** The part of a worker's global scope that `serveWorker` needs. */
export interface WorkerScope {
  onmessage: ((event: MessageEvent<Start>) => unknown) | null;
}

/** Serves an object to the page. Called once, by a worker's entry point; tests give a `scope` of their own. */
export function serveWorker(service: Service, scope: WorkerScope = self): void {
  scope.onmessage = async ({ data }) => {
    await holdLife(data.life);
    data.port.postMessage("alive");
    serve(service, data.port);
  };
}

/** A worker that runs. */
interface Running<T> {
  readonly worker: Worker;
  readonly port: MessagePort;
  readonly service: T;
  readonly gone: AbortController;
}

/** How workers of one kind are started, and what their death means. */
interface WorkerOptions<T> {
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
    running?.port.close();
    running?.gone.abort(error);
  }

  #start(): Running<T> {
    const { create, crashed, onStart } = this.#options;
    const worker = create();
    const gone = new AbortController();
    const { port1: port, port2 } = new MessageChannel();
    const running: Running<T> = { worker, port, service: connect<T>(port, { gone: gone.signal }), gone };
    const die = (detail: string): void => this.#die(running, crashed(detail));
    const vanish = (): void => die("it ended without a word");
    let started = false;
    worker.onerror = (event) => {
      event.preventDefault();
      die(event.message || (started ? "" : NOT_STARTED));
    };
    const life = `microgrid/worker/${randomId()}`;
    const start = (): void => {
      started = true;
      watchLife(life, gone.signal, vanish);
    };
    port.addEventListener("message", start, { once: true });
    // Newer browsers also tell when the other end of a port is gone, even if the worker died before it held its lock.
    port.addEventListener("close", vanish);
    worker.postMessage({ life, port: port2 } satisfies Start, [port2]);
    onStart?.(running.service);
    return running;
  }

  #die(running: Running<T>, error: Error): void {
    if (this.#running !== running) return;
    this.end(error);
    this.#options.onDeath?.(error);
  }
}
