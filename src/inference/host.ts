/** Hosts the engines inside the worker and answers the page's calls. */
import { MicrogridError, type ErrorData, errorToData } from "../core";
import type { EngineHostApi, HostEvent, HostOptions, ProgressMessage, Result } from "./protocol";
import { sendStream } from "./stream";
import type {
  Backend,
  Engine,
  EngineName,
  GenerationRequest,
  LoadedModel,
  LoadedModelInfo,
  ModelPackage,
} from "./types";

/** An engine that can be told to lose its device, for tests. */
export interface FaultyEngine extends Engine {
  simulateDeviceLoss?(): boolean;
}

/** Gets an engine's code when it is first needed, so that nobody downloads the ones they do not use. */
export type EngineLoader = (options: {
  assetBase: string | undefined;
  onDeviceLost(error: unknown): void;
}) => Promise<FaultyEngine>;

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
  readonly #engines = new Map<EngineName, Promise<FaultyEngine>>();
  readonly #models = new Map<string, LoadedModel>();
  readonly #loads = new Map<string, AbortController>();
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
    const controller = new AbortController();
    const { signal } = controller;
    this.#loads.set(loadId, controller);
    try {
      await this.#models.get(pkg.id)?.unload();
      this.#models.delete(pkg.id);
      const engine = await this.#engine(pkg.engine);
      const onProgress = (message: ProgressMessage): void => progress.postMessage(message);
      const model = await engine.load(pkg, { signal, backend, onProgress });
      if (signal.aborted) {
        await model.unload();
        signal.throwIfAborted();
      }
      this.#models.set(pkg.id, model);
      return { ok: true, value: model.info };
    } catch (error) {
      return { ok: false, error: this.#failure(error) };
    } finally {
      this.#loads.delete(loadId);
    }
  }

  cancelLoad(loadId: string): void {
    this.#loads.get(loadId)?.abort();
  }

  async unload(modelId: string): Promise<Result<undefined>> {
    const model = this.#models.get(modelId);
    this.#models.delete(modelId);
    try {
      await model?.unload();
      return { ok: true, value: undefined };
    } catch (error) {
      return { ok: false, error: this.#failure(error) };
    }
  }

  generate(request: GenerationRequest, port: MessagePort): void {
    void sendStream(port, (signal) => this.#answer(request, signal));
  }

  simulateDeviceLoss(): boolean {
    for (const engine of this.#engines.values()) void engine.then((loaded) => loaded.simulateDeviceLoss?.());
    return this.#engines.size > 0;
  }

  async *#answer(request: GenerationRequest, signal: AbortSignal) {
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

  #engine(name: EngineName): Promise<FaultyEngine> {
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
