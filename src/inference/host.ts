/** Hosts the engines inside the worker and answers the page's calls. */
import { joining, release } from "../border";
import { type ErrorCode, MicrogridError, deferred, onAbort } from "../core";
import { enginePart } from "./engine-part";
import type { EngineFiles } from "./engine-files";
import type { OnBytes } from "./fetch-ahead";
import { joinedEvents } from "./joined-events";
import type { EngineHostApi, HostLoadOptions, HostOptions } from "./protocol";
import { type StageCalls, receiveStage, sendStage } from "./stage-border";
import type { PipelinePackage, SampleLayers, StageInfo, StageLimits, StagePackage, StageService } from "./stages";
import type {
  Backend,
  Embedded,
  EmbeddingRequest,
  Engine,
  EngineName,
  EngineRequest,
  GenerationEvent,
  LoadedModel,
  LoadedModelInfo,
  LoadProgress,
  ModelPackage,
} from "./types";

/** A stage in memory. */
type LoadedStage = StageService & { readonly info: StageInfo; unload(): Promise<void> };

/** An engine that may also run parts of models, and be told to lose its device, for tests. */
export interface HostedEngine extends Engine {
  prepare?(options: { signal: AbortSignal; backend: Backend; onBytes: OnBytes }): Promise<void>;
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
  /** Undefined outside of pages, where engines find their files by themselves. */
  files: EngineFiles | undefined;
  sampleLayers: SampleLayers | undefined;
  onDeviceLost(error: unknown): void;
}) => Promise<HostedEngine>;

const ENGINES: Readonly<Record<EngineName, EngineLoader>> = {
  onnx: async ({ files, sampleLayers, onDeviceLost }) => {
    const { OnnxEngine } = await enginePart(() => import("./onnx"));
    return new OnnxEngine({
      onDeviceLost,
      ...(files && { files: files.ort }),
      ...(sampleLayers && { sampleLayers }),
    });
  },
  webllm: async ({ files }) => {
    const { WebLlmEngine, loadWebLlm } = await enginePart(() => import("./webllm"));
    return new WebLlmEngine(await enginePart(() => loadWebLlm(files?.webllm)));
  },
  wllama: async ({ files, onDeviceLost }) => {
    if (!files) throw noFiles();
    const { WllamaEngine } = await enginePart(() => import("./wllama"));
    return new WllamaEngine({ files: files.wllama, onCrash: onDeviceLost });
  },
};

function noFiles(): Error {
  return new Error("The worker was not told where the engines' files are.");
}

/** The object that `workers/gpu.ts` serves. One per worker. */
export class EngineHost implements EngineHostApi {
  readonly #loaders: Readonly<Record<EngineName, EngineLoader>>;
  readonly #engines = new Map<EngineName, Promise<HostedEngine>>();
  readonly #models = new Map<string, LoadedModel>();
  readonly #stages = new Map<string, LoadedStage>();
  /** The page's services that loaded ends ask for their stages. */
  readonly #rings = new Map<string, StageCalls>();
  readonly #lost = deferred<never>();
  readonly #sampleLayers: SampleLayers | undefined;
  #files: EngineFiles | undefined;

  /** `loaders` replaces the real engines in unit tests. With `sampleLayers`, layers are compared with the CPU's. */
  constructor({
    loaders = ENGINES,
    sampleLayers,
  }: { loaders?: Readonly<Record<EngineName, EngineLoader>>; sampleLayers?: SampleLayers } = {}) {
    this.#loaders = loaders;
    this.#sampleLayers = sampleLayers;
  }

  async init({ files }: HostOptions): Promise<void> {
    this.#files = files;
  }

  async alive(): Promise<void> {
    await Promise.resolve();
  }

  untilLost(): Promise<never> {
    return this.#lost.promise;
  }

  async prepare(name: EngineName, options: HostLoadOptions & { readonly onBytes: OnBytes }): Promise<void> {
    const engine = await this.#engine(name);
    await engine.prepare?.(options);
  }

  async load(
    pkg: ModelPackage,
    options: HostLoadOptions & { readonly onProgress: (progress: LoadProgress) => void },
  ): Promise<LoadedModelInfo> {
    const { info } = await this.#load(pkg.id, this.#models, options.signal, async () => {
      const engine = await this.#engine(pkg.engine);
      return engine.load(pkg, options);
    });
    return info;
  }

  async loadStage(
    pkg: StagePackage,
    options: HostLoadOptions & { readonly limits: StageLimits },
  ): Promise<{ readonly info: StageInfo; readonly service: StageCalls }> {
    const stage = await this.#load(pkg.id, this.#stages, options.signal, async () => {
      const engine = await this.#engine("onnx");
      if (!engine.loadStage) throw noParts();
      return engine.loadStage(pkg, options);
    });
    return { info: stage.info, service: sendStage(stage) };
  }

  async loadEnds(
    pkg: PipelinePackage,
    options: HostLoadOptions & { readonly ring: StageCalls },
  ): Promise<LoadedModelInfo> {
    const { signal, ring } = options;
    const { info } = await this.#load(pkg.id, this.#models, signal, async () => {
      const engine = await this.#engine("onnx");
      if (!engine.loadEnds) throw noParts();
      return engine.loadEnds(pkg, { ...options, ring: receiveStage(ring, NEVER) });
    });
    this.#rings.set(pkg.id, ring);
    return info;
  }

  async unload(id: string): Promise<void> {
    const loaded = this.#models.get(id) ?? this.#stages.get(id);
    const ring = this.#rings.get(id);
    for (const place of [this.#models, this.#stages, this.#rings]) place.delete(id);
    await this.#noticing(async () => loaded?.unload());
    if (ring) release(ring);
  }

  generate(request: EngineRequest, options: { readonly signal: AbortSignal }): AsyncGenerator<GenerationEvent> {
    return joining(this.#generate(request, options), joinedEvents);
  }

  async *#generate(request: EngineRequest, options: { readonly signal: AbortSignal }): AsyncGenerator<GenerationEvent> {
    const model = this.#loaded(request.model);
    try {
      yield* model.generate(request, options);
    } catch (error) {
      this.#notice(error);
      throw error;
    }
  }

  async embed(request: EmbeddingRequest, options: { readonly signal: AbortSignal }): Promise<Embedded> {
    return this.#noticing(() => this.#loaded(request.model).embed(request, options));
  }

  async simulateDeviceLoss(): Promise<boolean> {
    for (const engine of this.#engines.values()) void engine.then((loaded) => loaded.simulateDeviceLoss?.());
    return this.#engines.size > 0;
  }

  #loaded(id: string): LoadedModel {
    const model = this.#models.get(id);
    if (model) return model;
    throw new MicrogridError("model-not-loaded", `The model “${id}” is not loaded. Load it first.`);
  }

  /** Loads a model or stage and keeps it under its id. An earlier one with the same id is replaced. */
  async #load<Loaded extends { unload(): Promise<void> }>(
    id: string,
    place: Map<string, Loaded>,
    signal: AbortSignal,
    load: () => Promise<Loaded>,
  ): Promise<Loaded> {
    const before = place.get(id);
    place.delete(id);
    return this.#noticing(async () => {
      await before?.unload();
      const loaded = await load();
      if (signal.aborted) {
        await loaded.unload();
        signal.throwIfAborted();
      }
      place.set(id, loaded);
      // The page may give the load up before it hears that it is done. Then only this worker knows of the model.
      onAbort(signal, () => {
        if (place.get(id) === loaded) void this.unload(id).catch(() => undefined);
      });
      return loaded;
    });
  }

  #engine(name: EngineName): Promise<HostedEngine> {
    let engine = this.#engines.get(name);
    if (!engine) {
      const onDeviceLost = (error: unknown): void => this.#notice(error);
      engine = this.#loaders[name]({
        files: this.#files,
        sampleLayers: this.#sampleLayers,
        onDeviceLost,
      });
      this.#engines.set(name, engine);
      engine.catch(() => this.#engines.delete(name));
    }
    return engine;
  }

  async #noticing<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#notice(error);
      throw error;
    }
  }

  /** Tells the page of a lost device, or of a crash in an engine; it gives this worker up then. */
  #notice(error: unknown): void {
    if (error instanceof MicrogridError && FATAL.includes(error.code)) this.#lost.reject(error);
  }
}

const FATAL: readonly ErrorCode[] = ["device-lost", "worker-crashed"];

/** The ends of a model ask the page for their stages as long as this worker lives. */
const NEVER = new AbortController().signal;

function noParts(): MicrogridError {
  return new MicrogridError("unsupported-model", "This engine runs whole models only.");
}
