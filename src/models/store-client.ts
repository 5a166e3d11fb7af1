/** The page's side of the store worker: starts it, calls it, and rejects what waits when it crashes. */
import { proxy, wrap, type Remote } from "comlink";
import { errorFromData, MicrogridError, randomId, unless } from "../core";
import type {
  FileRequest,
  Outcome,
  FileRangeRequest,
  StoreApi,
  StoredFile,
  StoredSummary,
  StoreProgress,
} from "./store-protocol";

interface CallOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: StoreProgress) => void;
}

interface Running {
  readonly worker: Worker;
  readonly api: Remote<StoreApi>;
  /** Waits for a call as long as the worker lives. */
  readonly unlessCrashed: ReturnType<typeof unless>;
}

/** Calls the store worker; a worker that died is replaced at the next call. */
export class StoreClient {
  readonly #createWorker: () => Worker;
  #running: Running | undefined;

  constructor(createWorker: () => Worker) {
    this.#createWorker = createWorker;
  }

  /** See `StoreApi.download`; aborting keeps what arrived. */
  download(model: string, files: readonly FileRequest[], options: CallOptions): Promise<StoredFile[]> {
    return this.#cancellable(options.signal, (api, ticket) =>
      api.download(ticket, model, files, proxy(options.onProgress)),
    );
  }

  /** See `StoreApi.importFiles`. */
  importFiles(
    model: string,
    files: readonly { readonly path: string; readonly blob: Blob }[],
    options: CallOptions,
  ): Promise<StoredFile[]> {
    return this.#cancellable(options.signal, (api, ticket) =>
      api.importFiles(ticket, model, files, proxy(options.onProgress)),
    );
  }

  /** See `StoreApi.readRange`. */
  readRange(model: string, request: FileRangeRequest, options: Pick<CallOptions, "signal">): Promise<Blob> {
    return this.#cancellable(options.signal, (api, ticket) => api.readRange(ticket, model, request));
  }

  /** See `StoreApi.open`. */
  open(model: string, paths: readonly string[]): Promise<StoredFile[] | undefined> {
    return this.#call((api) => api.open(model, paths));
  }

  /** See `StoreApi.summaries`. */
  summaries(): Promise<StoredSummary[]> {
    return this.#call((api) => api.summaries());
  }

  /** See `StoreApi.remove`. */
  remove(model: string): Promise<void> {
    return this.#call((api) => api.remove(model));
  }

  /** Ends the worker. */
  close(): void {
    this.#running?.worker.terminate();
    this.#running = undefined;
  }

  async #cancellable<T>(
    signal: AbortSignal,
    work: (api: Remote<StoreApi>, ticket: string) => Promise<Outcome<T>>,
  ): Promise<T> {
    signal.throwIfAborted();
    const ticket = randomId();
    const cancel = (): void => void this.#running?.api.cancel(ticket);
    signal.addEventListener("abort", cancel, { once: true });
    try {
      return await this.#call((api) => work(api, ticket));
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  }

  async #call<T>(work: (api: Remote<StoreApi>) => Promise<Outcome<T>>): Promise<T> {
    const { api, unlessCrashed } = (this.#running ??= this.#start());
    const result = await unlessCrashed(work(api));
    if (!result.ok) throw errorFromData(result.error);
    return result.value;
  }

  #start(): Running {
    const worker = this.#createWorker();
    const crashed = new Promise<never>((_, reject) => {
      worker.addEventListener("error", (event) => {
        event.preventDefault();
        worker.terminate();
        this.#running = undefined;
        reject(workerCrashed(event.message));
      });
    });
    return { worker, api: wrap<StoreApi>(worker), unlessCrashed: unless(crashed) };
  }
}

function workerCrashed(message: string): MicrogridError {
  return new MicrogridError(
    "worker-crashed",
    `The part of this page that stores models stopped unexpectedly (${message || "it could not be started"}). ` +
      "Try again; what was downloaded is kept.",
  );
}
