/** Owns the engine worker from the page: loads models, streams answers, and ends the worker when nothing is loaded. */
import { WorkerConnection } from "../border";
import { MicrogridError, TypedEventTarget, onAbort, randomId } from "../core";
import { engineFiles } from "./engine-files";
import type { OnBytes } from "./fetch-ahead";
import type { EngineHostApi } from "./protocol";
import { receiveStage, sendStage } from "./stage-border";
import type { PipelinePackage, StageInfo, StageLimits, StagePackage, StageService } from "./stages";
import type {
  Backend,
  Embedded,
  EmbeddingRequest,
  EngineName,
  EngineRequest,
  GenerationEvent,
  LoadProgress,
  LoadedModelInfo,
  ModelPackage,
} from "./types";

/** A worker that computes lets messages in between two steps; on slow devices a step of a long prompt takes seconds. */
const HANGING_MS = 60_000;

/** Events of the supervisor. */
interface SupervisorEvents {
  /** The worker or its GPU device is gone; `models` were in it and have to be loaded again. */
  lost: { readonly reason: string; readonly models: readonly string[] };
}

/** The engines as the page sees them. Workers come and go behind it. */
export class EngineSupervisor extends TypedEventTarget<SupervisorEvents> {
  readonly #worker: WorkerConnection<EngineHostApi>;
  readonly #models = new Map<string, LoadedModelInfo>();
  /** Ends everything that waits for a stage, by the stage's id. */
  readonly #stages = new Map<string, AbortController>();
  readonly #jobs = new Map<object, "running" | "queued">();
  #loads = 0;
  #closed = false;

  /** `createWorker` starts `workers/gpu`. */
  constructor({ createWorker }: { createWorker(): Worker }) {
    super();
    this.#worker = new WorkerConnection({
      create: createWorker,
      crashed,
      onStart: (host) => {
        host.init({ files: engineFiles }).catch(() => undefined);
        host.untilLost().catch((error: unknown) => this.#worker.lose(host, error as Error));
      },
      onDeath: (error) => {
        const models = [...this.#models.keys()];
        this.#forget(error);
        this.emit("lost", { reason: error.message, models });
      },
    });
  }

  /** Answers and vectors that are being computed, and answers that wait for their turn. */
  get jobs(): { readonly running: number; readonly queued: number } {
    const states = [...this.#jobs.values()];
    const queued = states.filter((state) => state === "queued").length;
    return { running: states.length - queued, queued };
  }

  /** True while something is being loaded. */
  get loading(): boolean {
    return this.#loads > 0;
  }

  /** The models that are loaded now. */
  get models(): readonly LoadedModelInfo[] {
    return [...this.#models.values()];
  }

  /**
   * Brings the engine's own files while the model's are on their way. `ready` never rejects: where they cannot be had, the
   * load says why. Dispose of it when the load has begun or is not wanted any more; until then, the worker stays.
   */
  prepare(
    engine: EngineName,
    options: { signal: AbortSignal; backend: Backend; onBytes: OnBytes },
  ): Disposable & { readonly ready: Promise<void> } {
    this.#loads++;
    const ready = this.#closed ? Promise.resolve() : this.#worker.service.prepare(engine, options);
    return {
      ready: ready.catch(() => undefined),
      [Symbol.dispose]: () => {
        this.#loads--;
        this.#stopIfIdle();
      },
    };
  }

  /**
   * Loads a model, replacing one of the same id. Rejects with the engine's errors, with `worker-crashed` or
   * `device-lost`, or with the signal's reason when aborted: then the engine stops at its next step.
   */
  async load(
    pkg: ModelPackage,
    options: { signal: AbortSignal; backend: Backend; onProgress(progress: LoadProgress): void },
  ): Promise<LoadedModelInfo> {
    return this.#load(pkg.id, options.signal, {
      call: (host) => host.load(pkg, options),
      keep: (info) => this.#models.set(pkg.id, info),
    });
  }

  /** Loads a stage of a model, and gives the service that computes it. Rejects as `load` does. Freed by `unload`. */
  async loadStage(
    pkg: StagePackage,
    options: { signal: AbortSignal; backend: Backend; limits: StageLimits },
  ): Promise<{ readonly info: StageInfo; readonly service: StageService }> {
    const closed = new AbortController();
    const { info, service } = await this.#load(pkg.id, options.signal, {
      call: (host) => host.loadStage(pkg, options),
      keep: () => this.#stages.set(pkg.id, closed),
    });
    return { info, service: receiveStage(service, closed.signal) };
  }

  /**
   * Measures the time that a stage takes on this device: loads it, times a token alone and in a step of `stepTokens`, both
   * in ms, and frees it. Made-up weights take as long as real ones if no two tensors are equal: ONNX Runtime stores equal
   * tensors only once, so all-zero weights might fit into a cache that is too small for real ones. Rejects as `load` does.
   */
  async timeStage(
    pkg: StagePackage,
    options: { signal: AbortSignal; backend: Backend; stepTokens: number },
  ): Promise<Pick<StageInfo, "decodeMs" | "prefillMs">> {
    const { stepTokens, ...rest } = options;
    const id = `timed:${randomId()}`;
    const limits = { sequences: 1, contextLength: stepTokens, stepTokens, cacheBytes: 0 };
    const { info } = await this.loadStage({ ...pkg, id }, { ...rest, limits });
    await this.unload(id);
    return { decodeMs: info.decodeMs, prefillMs: info.prefillMs };
  }

  /** Loads the ends of a model whose middle is `ring`. It then answers like any other model. Rejects as `load` does. */
  async loadEnds(
    pkg: PipelinePackage,
    options: { signal: AbortSignal; backend: Backend; ring: StageService },
  ): Promise<LoadedModelInfo> {
    const ring = sendStage(options.ring);
    return this.#load(pkg.id, options.signal, {
      call: (host) => host.loadEnds(pkg, { ...options, ring }),
      keep: (info) => this.#models.set(pkg.id, info),
    });
  }

  /**
   * Frees a model, whose answers end with `model-not-loaded`, or a stage. The last one takes the worker along: WASM memory
   * never shrinks.
   */
  async unload(id: string): Promise<void> {
    const stage = this.#stages.get(id);
    if (!(this.#models.delete(id) || this.#stages.delete(id))) return;
    stage?.abort(new MicrogridError("model-not-loaded", "A stage of the pipeline was closed."));
    try {
      await this.#worker.running?.unload(id);
    } finally {
      this.#stopIfIdle();
    }
  }

  /** Streams an answer of a loaded model. Leaving the loop or aborting stops the engine before its next token. */
  async *generate(request: EngineRequest, { signal }: { signal: AbortSignal }): AsyncGenerator<GenerationEvent, void> {
    using work = this.#begin(request.model, signal);
    try {
      for await (const event of work.host.generate(request, { signal })) {
        this.#jobs.set(work, event.type === "queued" ? "queued" : "running");
        yield event;
      }
    } catch (error) {
      this.#noticeLoss(work.host, error);
      throw error;
    }
  }

  /** Turns texts into vectors with a loaded model. Rejects as `LoadedModel.embed` does. */
  async embed(request: EmbeddingRequest, { signal }: { signal: AbortSignal }): Promise<Embedded> {
    using work = this.#begin(request.model, signal);
    try {
      return await work.host.embed(request, { signal });
    } catch (error) {
      this.#noticeLoss(work.host, error);
      throw error;
    }
  }

  /** Ends the worker, as if it had crashed. For a worker that computes what nobody can stop in another way. */
  giveUp(why: string): void {
    const host = this.#worker.running;
    if (host) this.#worker.lose(host, crashed(why));
  }

  /** Fault injection for tests: makes the worker destroy its GPU device. False if no worker or no device is there. */
  async simulateDeviceLoss(): Promise<boolean> {
    return (await this.#worker.running?.simulateDeviceLoss().catch(() => true)) ?? false;
  }

  /** Ends the worker; everything that runs rejects with `closed`. */
  close(): void {
    this.#closed = true;
    this.#end(new MicrogridError("closed", "The engine was closed."));
  }

  /** Counts one more piece of work of a loaded model, until it is disposed of. */
  #begin(model: string, signal: AbortSignal): Disposable & { readonly host: EngineHostApi } {
    signal.throwIfAborted();
    const host = this.#worker.running;
    if (!host || !this.#models.has(model)) {
      throw new MicrogridError("model-not-loaded", `The model “${model}” is not loaded. Load it first.`);
    }
    const work = { host, [Symbol.dispose]: () => void this.#jobs.delete(work) };
    this.#jobs.set(work, "running");
    return work;
  }

  /** Runs a load in the worker. A worker that does not even hear of an abort hangs, and is given up. */
  async #load<T>(
    id: string,
    signal: AbortSignal,
    work: {
      call(host: EngineHostApi): Promise<T>;
      /** Notes what was loaded, in the same moment in which the load counts as done. */
      keep(loaded: T): void;
    },
  ): Promise<T> {
    signal.throwIfAborted();
    if (this.#closed) throw new MicrogridError("closed", "The engine was closed. Reload the page to use it again.");
    const host = this.#worker.service;
    using _ = onAbort(signal, () => this.#loseIfHanging(host));
    this.#loads++;
    try {
      const loaded = await work.call(host);
      if (signal.aborted) {
        // The call was over before the abort, so the worker has not heard of it.
        void host.unload(id).catch(() => undefined);
        signal.throwIfAborted();
      }
      work.keep(loaded);
      return loaded;
    } catch (error) {
      this.#noticeLoss(host, error);
      throw error;
    } finally {
      this.#loads--;
      this.#stopIfIdle();
    }
  }

  #loseIfHanging(host: EngineHostApi): void {
    const timer = setTimeout(() => this.#worker.lose(host, crashed("it did not answer any more")), HANGING_MS);
    void host
      .alive()
      .catch(() => undefined)
      .finally(() => clearTimeout(timer));
  }

  /** The worker tells of a lost device by itself too, but a caller that loads again at once must not get the old worker. */
  #noticeLoss(host: EngineHostApi, error: unknown): void {
    if (error instanceof MicrogridError && error.code === "device-lost") this.#worker.lose(host, error);
  }

  #stopIfIdle(): void {
    if (this.#models.size > 0 || this.#stages.size > 0 || this.#loads > 0) return;
    this.#end(
      new MicrogridError("model-not-loaded", "The model was unloaded while it answered. Load it again to go on."),
    );
  }

  #end(error: Error): void {
    this.#forget(error);
    this.#worker.end(error);
  }

  /** Forgets everything that was in the worker. */
  #forget(error: Error): void {
    this.#models.clear();
    for (const stage of this.#stages.values()) stage.abort(new MicrogridError("worker-crashed", error.message));
    this.#stages.clear();
  }
}

function crashed(detail: string): MicrogridError {
  return new MicrogridError(
    "worker-crashed",
    `The engine stopped unexpectedly (${detail || "no reason given"}). Load the model again.`,
  );
}
