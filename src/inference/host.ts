/** Hosts the engines inside the worker and answers the page's calls. */
import { MicrogridError, type ErrorData, errorToData } from "../core";
import type { EngineHostApi, HostEvent, HostOptions, ProgressMessage, Result } from "./protocol";
import { StagePort, serveStage } from "./stage-port";
import { sendStream } from "./stream";
import type { PipelinePackage, StageInfo, StageLimits, StagePackage, StageService } from "./stages";
import type { Backend, Engine, EngineName, EngineRequest, LoadedModel, LoadedModelInfo, ModelPackage } from "./types";

/** A stage in memory. */
type LoadedStage = StageService & { readonly info: StageInfo; unload(): Promise<void> };

/** An engine that may also run parts of models, and be told to lose its device, for tests. */
export interface HostedEngine extends Engine {
  loadStage?(
    pkg: StagePackage,
    options: { signal: AbortSignal; backend: Backend; limits: StageLimits },
  ): Promise<LoadedStage>;
  loadEnds?(
    pkg: PipelinePackage,
    options: { signal: AbortSignal; backend: Backend; ring: StageService },
  ): Promise<LoadedModel>;
  simulateDeviceLoss?(): boolean;
}

/** Gets an engine's code when it is first needed, so that nobody downloads the ones they do not use. */
type EngineLoader = (options: {
  assetBase: string | undefined;
  onDeviceLost(error: unknown): void;
}) => Promise<HostedEngine>;

const ENGINES: Readonly<Record<EngineName, EngineLoader>> = {
  onnx: async ({ assetBase, onDeviceLost }) => {
    const { OnnxEngine } = await import("./onnx");
    return new OnnxEngine({ onDeviceLost, ...(assetBase === undefined ? {} : { assetBase }) });
  },
  webllm: async () => {
    const { WebLlmEngine } = await import("./webllm");
    return new WebLlmEngine();
  },
};

/** The object that `workers/gpu.ts` exposes. One per worker. */
export class EngineHost implements EngineHostApi {
  readonly #loaders: Readonly<Record<EngineName, EngineLoader>>;
  readonly #engines = new Map<EngineName, Promise<HostedEngine>>();
  readonly #models = new Map<string, LoadedModel>();
  readonly #stages = new Map<string, LoadedStage>();
  readonly #loads = new Map<string, AbortController>();
  /** By which load each model and stage came, by its id. */
  readonly #cameBy = new Map<string, string>();
  #options: HostOptions = {};
  #events: MessagePort | undefined;

  /** `loaders` replaces the real engines in unit tests. */
  constructor(loaders: Readonly<Record<EngineName, EngineLoader>> = ENGINES) {
    this.#loaders = loaders;
  }

  async init(options: HostOptions, events: MessagePort): Promise<void> {
    this.#options = options;
    this.#events = events;
    if (options.lifeLock !== undefined) await holdForLife(options.lifeLock);
  }

  async load(
    loadId: string,
    pkg: ModelPackage,
    backend: Backend,
    progress: MessagePort,
  ): Promise<Result<LoadedModelInfo>> {
    const onProgress = (message: ProgressMessage): void => progress.postMessage(message);
    return this.#load(loadId, pkg.id, this.#models, async (signal) => {
      const engine = await this.#engine(pkg.engine);
      return engine.load(pkg, { signal, backend, onProgress });
    });
  }

  loadStage(
    loadId: string,
    pkg: StagePackage,
    options: { readonly backend: Backend; readonly limits: StageLimits },
    port: MessagePort,
  ): Promise<Result<StageInfo>> {
    return this.#load(loadId, pkg.id, this.#stages, async (signal) => {
      const engine = await this.#engine("onnx");
      if (!engine.loadStage) throw noParts();
      const stage = await engine.loadStage(pkg, { signal, ...options });
      serveStage(port, stage);
      return stage;
    });
  }

  loadEnds(
    loadId: string,
    pkg: PipelinePackage,
    backend: Backend,
    ring: MessagePort,
  ): Promise<Result<LoadedModelInfo>> {
    return this.#load(loadId, pkg.id, this.#models, async (signal) => {
      const engine = await this.#engine("onnx");
      if (!engine.loadEnds) throw noParts();
      return engine.loadEnds(pkg, { signal, backend, ring: new StagePort(ring) });
    });
  }

  cancelLoad(loadId: string): void {
    const load = this.#loads.get(loadId);
    if (load) return load.abort();
    // It is done, and the page gave it up before it heard so: nobody knows of it but this worker.
    for (const [id, by] of this.#cameBy) if (by === loadId) void this.unload(id);
  }

  async unload(modelId: string): Promise<Result<undefined>> {
    const loaded = this.#models.get(modelId) ?? this.#stages.get(modelId);
    this.#models.delete(modelId);
    this.#stages.delete(modelId);
    this.#cameBy.delete(modelId);
    try {
      await loaded?.unload();
      return { ok: true, value: undefined };
    } catch (error) {
      return { ok: false, error: this.#failure(error) };
    }
  }

  generate(request: EngineRequest, port: MessagePort): void {
    void sendStream(port, (signal) => this.#answer(request, signal));
  }

  simulateDeviceLoss(): boolean {
    for (const engine of this.#engines.values()) void engine.then((loaded) => loaded.simulateDeviceLoss?.());
    return this.#engines.size > 0;
  }

  async *#answer(request: EngineRequest, signal: AbortSignal) {
    const model = this.#models.get(request.model);
    if (!model)
      throw new MicrogridError("model-not-loaded", `The model “${request.model}” is not loaded. Load it first.`);
    try {
      yield* model.generate(request, { signal });
    } catch (error) {
      this.#failure(error);
      throw error;
    }
  }

  /** Puts what was loaded in the place of what had its id. */
  async #load<Info, Loaded extends { readonly info: Info; unload(): Promise<void> }>(
    loadId: string,
    id: string,
    place: Map<string, Loaded>,
    load: (signal: AbortSignal) => Promise<Loaded>,
  ): Promise<Result<Info>> {
    const controller = new AbortController();
    const { signal } = controller;
    this.#loads.set(loadId, controller);
    try {
      await place.get(id)?.unload();
      place.delete(id);
      this.#cameBy.delete(id);
      const loaded = await load(signal);
      if (signal.aborted) {
        await loaded.unload();
        signal.throwIfAborted();
      }
      place.set(id, loaded);
      this.#cameBy.set(id, loadId);
      return { ok: true, value: loaded.info };
    } catch (error) {
      return { ok: false, error: this.#failure(error) };
    } finally {
      this.#loads.delete(loadId);
    }
  }

  #engine(name: EngineName): Promise<HostedEngine> {
    let engine = this.#engines.get(name);
    if (!engine) {
      const onDeviceLost = (error: unknown): void => void this.#failure(error);
      engine = this.#loaders[name]({ assetBase: this.#options.assetBase, onDeviceLost });
      this.#engines.set(name, engine);
      engine.catch(() => this.#engines.delete(name));
    }
    return engine;
  }

  /** Errors as data; a lost device is told to the page too, which then gives this worker up. */
  #failure(error: unknown): ErrorData {
    const data = errorToData(error);
    if (data.code === "device-lost")
      this.#events?.postMessage({ type: "device-lost", error: data } satisfies HostEvent);
    return data;
  }
}

function noParts(): MicrogridError {
  return new MicrogridError("unsupported-model", "This engine runs whole models only.");
}

/** Resolves when the lock is held; it is let go by the worker's death only. */
function holdForLife(name: string): Promise<void> {
  if (typeof navigator === "undefined" || !("locks" in navigator)) return Promise.resolve();
  return new Promise((resolve) => {
    void navigator.locks.request(name, () => {
      resolve();
      return new Promise(() => undefined);
    });
  });
}
