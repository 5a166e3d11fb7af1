/** All calls that the page makes to the engine worker. They go through the border (`src/border/`). */
import type { StageCalls } from "./stage-border";
import type { PipelinePackage, StageInfo, StageLimits, StagePackage } from "./stages";
import type { EngineFiles } from "./engine-files";
import type { OnBytes } from "./fetch-ahead";
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

/** How a worker is set up, once, before any other call. */
export interface HostOptions {
  readonly files: EngineFiles;
}

/** Options of every load. An aborted load stops at its next step and frees the memory that it took. */
export interface HostLoadOptions {
  readonly signal: AbortSignal;
  readonly backend: Backend;
}

/** The calls that the page makes. All of them reject with `worker-crashed` if the worker dies. */
export interface EngineHostApi {
  init(options: HostOptions): Promise<void>;
  /** Answers at once, unless the worker is busy computing. */
  alive(): Promise<void>;
  /** Rejects with `device-lost` when the GPU device of an engine is lost; never resolves. */
  untilLost(): Promise<never>;
  /** Fetches an engine's own files into the browser's cache. Never needed, but a load waits for nothing else then. */
  prepare(engine: EngineName, options: HostLoadOptions & { readonly onBytes: OnBytes }): Promise<void>;
  /** Loads a model. A model of the same id is replaced. */
  load(
    pkg: ModelPackage,
    options: HostLoadOptions & { readonly onProgress: (progress: LoadProgress) => void },
  ): Promise<LoadedModelInfo>;
  /** Loads a stage of a model; `service` runs it. Freed by `unload`. */
  loadStage(
    pkg: StagePackage,
    options: HostLoadOptions & { readonly limits: StageLimits },
  ): Promise<{ readonly info: StageInfo; readonly service: StageCalls }>;
  /** Loads the ends of a model whose middle is `ring`. From then on it answers like any other model. */
  loadEnds(pkg: PipelinePackage, options: HostLoadOptions & { readonly ring: StageCalls }): Promise<LoadedModelInfo>;
  /** Frees a model, whose running answers fail with `model-not-loaded`, or a stage. */
  unload(id: string): Promise<void>;
  /** Streams an answer. */
  generate(request: EngineRequest, options: { readonly signal: AbortSignal }): AsyncIterable<GenerationEvent>;
  /** Turns texts into vectors. Rejects as `LoadedModel.embed` does. */
  embed(request: EmbeddingRequest, options: { readonly signal: AbortSignal }): Promise<Embedded>;
  /** Fault injection for tests: destroys the GPU device as a driver crash would. False if there is none. */
  simulateDeviceLoss(): Promise<boolean>;
}
