/** Owns the engine worker from the page: starts it, rejects what hangs when it dies, ends it when nothing is loaded. */
import { type Remote, transfer, wrap } from "comlink";
import { MicrogridError, TypedEventTarget, deferred, errorFromData, randomId, unless, unlessAborted } from "../core";
import type { EngineHostApi, HostEvent, ProgressMessage, Result } from "./protocol";
import { StagePort, serveStage } from "./stage-port";
import { StreamReader } from "./stream";
import type { PipelinePackage, StageInfo, StageLimits, StagePackage, StageService } from "./stages";
import type { Backend, GenerationEvent, EngineRequest, LoadProgress, LoadedModelInfo, ModelPackage } from "./types";

/** A worker that computes lets messages in between two steps; on slow devices a step of a long prompt takes seconds. */
const HANGING_MS = 60_000;

/** Events of the supervisor. */
export interface SupervisorEvents {
  /** The worker or its GPU device is gone; `models` were in it and have to be loaded again. */
  lost: { readonly reason: string; readonly models: readonly string[] };
}

/** One worker, as long as it lives. */
interface Running {
  readonly worker: Worker;
  readonly host: Remote<EngineHostApi>;
  readonly ready: Promise<void>;
  /** Waits for something that the worker does; rejects when it is given up before. */
  readonly alive: ReturnType<typeof unless>;
  die(error: Error): void;
}

/** The engines as the page sees them. Workers come and go behind it. */
export class EngineSupervisor extends TypedEventTarget<SupervisorEvents> {
  readonly #createWorker: () => Worker;
  readonly #assetBase: string | undefined;
  readonly #models = new Map<string, LoadedModelInfo>();
  readonly #stages = new Map<string, StagePort>();
  /** Where loaded ends ask for their stages. An open port would keep alive all that it serves. */
  readonly #rings = new Map<string, MessagePort>();
  readonly #streams = new Map<StreamReader, "running" | "queued">();
  #loads = 0;
  #running: Running | undefined;
  #closed = false;

  /** `createWorker` starts `workers/gpu`; `assetBase` is the address that its assets are resolved against. */
  constructor(options: { createWorker(): Worker; assetBase?: string }) {
    super();
    this.#createWorker = options.createWorker;
    this.#assetBase = options.assetBase;
  }

  /** Answers being computed, and those that wait for their turn. */
  get jobs(): { readonly running: number; readonly queued: number } {
    const states = [...this.#streams.values()];
    const queued = states.filter((state) => state === "queued").length;
    return { running: states.length - queued, queued };
  }

  /** What is loaded now. */
  get models(): readonly LoadedModelInfo[] {
    return [...this.#models.values()];
  }

  /**
   * Loads a model, replacing one of the same id. Rejects with the engine's errors, with `worker-crashed` or
   * `device-lost`, or with the signal's reason when aborted: then the engine stops at its next step.
   */
  async load(
    pkg: ModelPackage,
    options: { signal: AbortSignal; backend: Backend; onProgress(progress: LoadProgress): void },
  ): Promise<LoadedModelInfo> {
    const { port1: progress, port2 } = new MessageChannel();
    progress.onmessage = ({ data }: MessageEvent<ProgressMessage>) => options.onProgress(data);
    try {
      return await this.#load(options.signal, {
        call: (host, loadId) => host.load(loadId, pkg, options.backend, transfer(port2, [port2])),
        keep: (info) => this.#models.set(pkg.id, info),
      });
    } finally {
      progress.close();
    }
  }

  /** Loads a stage of a model, and gives the way to use it. Rejects as `load` does. Freed by `unload`. */
  async loadStage(
    pkg: StagePackage,
    options: { signal: AbortSignal; backend: Backend; limits: StageLimits },
  ): Promise<{ readonly info: StageInfo; readonly service: StageService }> {
    const { signal, backend, limits } = options;
    const { port1, port2 } = new MessageChannel();
    const service = new StagePort(port1);
    try {
      const info = await this.#load(signal, {
        call: (host, loadId) => host.loadStage(loadId, pkg, { backend, limits }, transfer(port2, [port2])),
        keep: () => this.#stages.set(pkg.id, service),
      });
      return { info, service };
    } catch (error) {
      port1.close();
      throw error;
    }
  }

  /**
   * What a stage costs on this device: loads it, times a token alone and in a step of `stepTokens`, both in ms, and frees
   * it. Made-up weights take as long as real ones if no two tensors are equal: ONNX Runtime keeps equal ones once, so that
   * zeros would fit a cache that the real ones do not. Rejects as `load` does.
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

  /** Loads the ends of a model whose middle is `ring`; from then on it is asked as any model is. Rejects as `load` does. */
  async loadEnds(
    pkg: PipelinePackage,
    options: { signal: AbortSignal; backend: Backend; ring: StageService },
  ): Promise<LoadedModelInfo> {
    const { port1, port2 } = new MessageChannel();
    serveStage(port1, options.ring);
    try {
      return await this.#load(options.signal, {
        call: (host, loadId) => host.loadEnds(loadId, pkg, options.backend, transfer(port2, [port2])),
        keep: (info) => {
          this.#models.set(pkg.id, info);
          this.#rings.get(pkg.id)?.close();
          this.#rings.set(pkg.id, port1);
        },
      });
    } catch (error) {
      port1.close();
      throw error;
    }
  }

  /**
   * Frees a model, whose answers end with `model-not-loaded`, or a stage. The last one takes the worker along: WASM memory
   * never shrinks.
   */
  async unload(modelId: string): Promise<void> {
    const running = this.#running;
    const stage = this.#stages.get(modelId);
    if (!running || !(this.#models.delete(modelId) || this.#stages.delete(modelId))) return;
    stage?.close(new MicrogridError("model-not-loaded", "A stage of the pipeline was closed."));
    this.#rings.get(modelId)?.close();
    this.#rings.delete(modelId);
    try {
      const result = await running.alive<Result<undefined>>(running.host.unload(modelId));
      if (!result.ok) throw errorFromData(result.error);
    } finally {
      this.#stopIfIdle();
    }
  }

  /** Streams an answer of a loaded model. Leaving the loop or aborting stops the engine before its next token. */
  async *generate(request: EngineRequest, options: { signal: AbortSignal }): AsyncGenerator<GenerationEvent, void> {
    const { signal } = options;
    signal.throwIfAborted();
    const running = this.#running;
    if (!running || !this.#models.has(request.model)) {
      throw new MicrogridError("model-not-loaded", `The model “${request.model}” is not loaded. Load it first.`);
    }
    const { port1, port2 } = new MessageChannel();
    const reader = new StreamReader(port1);
    const stop = (): void => reader.fail(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    this.#streams.set(reader, "running");
    try {
      await running.alive(unlessAborted(running.host.generate(request, transfer(port2, [port2])), signal));
      for await (const event of reader.events) {
        this.#streams.set(reader, event.type === "queued" ? "queued" : "running");
        yield event;
      }
    } catch (error) {
      this.#noticeLoss(running, error);
      throw error;
    } finally {
      this.#streams.delete(reader);
      signal.removeEventListener("abort", stop);
      reader.close();
    }
  }

  /** Fault injection for tests: makes the worker destroy its GPU device. False where no worker or no device is. */
  async simulateDeviceLoss(): Promise<boolean> {
    const running = this.#running;
    return running ? running.alive(running.host.simulateDeviceLoss()).catch(() => true) : false;
  }

  /** Ends the worker; everything that runs rejects with `closed`. */
  close(): void {
    this.#closed = true;
    this.#end(new MicrogridError("closed", "The engine was closed."));
  }

  /** Runs a load in the worker, as long as both live and nobody aborts it. */
  async #load<T>(
    signal: AbortSignal,
    work: {
      call(host: Running["host"], loadId: string): Promise<Result<T>>;
      /** Notes what was loaded. */
      keep(loaded: T): void;
    },
  ): Promise<T> {
    signal.throwIfAborted();
    const running = this.#start();
    const loadId = randomId();
    const cancel = (): void => void this.#cancel(running, loadId);
    signal.addEventListener("abort", cancel, { once: true });
    this.#loads++;
    try {
      await running.alive(unlessAborted(running.ready, signal));
      const result = await running.alive(unlessAborted(work.call(running.host, loadId), signal));
      if (!result.ok) throw errorFromData(result.error);
      // The worker was told to free it, although it was done already.
      signal.throwIfAborted();
      work.keep(result.value);
      return result.value;
    } catch (error) {
      this.#noticeLoss(running, error);
      throw error;
    } finally {
      this.#loads--;
      signal.removeEventListener("abort", cancel);
      this.#stopIfIdle();
    }
  }

  /** Tells the worker to stop a load. One that does not even hear of it hangs, and takes all that is in it along. */
  async #cancel(running: Running, loadId: string): Promise<void> {
    const timer = setTimeout(() => this.#lose(running, crash("it did not answer any more")), HANGING_MS);
    await running.host.cancelLoad(loadId);
    clearTimeout(timer);
  }

  #start(): Running {
    if (this.#closed) throw new MicrogridError("closed", "The engine was closed. Reload the page to use it again.");
    this.#running ??= this.#spawn();
    return this.#running;
  }

  #spawn(): Running {
    const worker = this.#createWorker();
    const host = wrap<EngineHostApi>(worker);
    const { promise: death, reject: die } = deferred<never>();
    const { port1, port2 } = new MessageChannel();
    const lifeLock = `microgrid/gpu-worker/${randomId()}`;
    const options = { lifeLock, ...(this.#assetBase === undefined ? {} : { assetBase: this.#assetBase }) };
    const ready = host.init(options, transfer(port2, [port2]));
    const running: Running = { worker, host, ready, alive: unless(death), die };
    port1.onmessage = ({ data }: MessageEvent<HostEvent>) => this.#lose(running, errorFromData(data.error));
    worker.onerror = (event) => {
      event.preventDefault();
      this.#lose(running, crash(event.message));
    };
    void ready.then(() => watchLife(lifeLock, () => this.#lose(running, crash("it ended without a word"))));
    return running;
  }

  /** Gives a dead worker up and tells everybody who waits for it. */
  #lose(running: Running, error: Error): void {
    if (this.#running !== running) return;
    const models = [...this.#models.keys()];
    this.#end(error);
    this.emit("lost", { reason: error.message, models });
  }

  /** The worker tells of a lost device by itself too, but a caller who loads again at once must not get the old worker. */
  #noticeLoss(running: Running, error: unknown): void {
    if (error instanceof MicrogridError && error.code === "device-lost") this.#lose(running, error);
  }

  #stopIfIdle(): void {
    if (this.#models.size === 0 && this.#stages.size === 0 && this.#loads === 0) {
      this.#end(
        new MicrogridError("model-not-loaded", "The model was unloaded while it answered. Load it again to go on."),
      );
    }
  }

  #end(error: Error): void {
    const running = this.#running;
    if (!running) return;
    this.#running = undefined;
    this.#models.clear();
    for (const stage of this.#stages.values()) stage.close(new MicrogridError("worker-crashed", error.message));
    this.#stages.clear();
    for (const ring of this.#rings.values()) ring.close();
    this.#rings.clear();
    running.worker.terminate();
    running.die(error);
    for (const reader of [...this.#streams.keys()]) reader.fail(error);
  }
}

function crash(detail: string): MicrogridError {
  return new MicrogridError(
    "worker-crashed",
    `The engine stopped unexpectedly (${detail || "no reason given"}). Load the model again.`,
  );
}

/** Calls back when the worker that holds the lock is gone; never where the browser has no locks. */
function watchLife(name: string, onDeath: () => void): void {
  if (typeof navigator === "undefined" || !("locks" in navigator)) return;
  void navigator.locks.request(name, onDeath);
}
