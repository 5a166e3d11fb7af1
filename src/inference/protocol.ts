/** The border between the page and the worker that hosts the engines, on one page. */
import type { ErrorData } from "../core";
import type { PipelinePackage, StageInfo, StageLimits, StagePackage } from "./stages";
import type { Backend, GenerationEvent, EngineRequest, LoadProgress, LoadedModelInfo, ModelPackage } from "./types";

/** What a call gives; errors cross as data, since threads drop error classes. */
export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: ErrorData };

/** How a worker is set up, once, before any other call. */
export interface HostOptions {
  /** Address that relative addresses of runtime assets are resolved against; default: the worker script's own. */
  readonly assetBase?: string;
  /** Name of a Web Lock that the worker holds as long as it lives, so that the page learns of its death. */
  readonly lifeLock?: string;
}

/** The calls that the page makes, through Comlink. */
export interface EngineHostApi {
  /** Sets the worker up; it reports on `events` (`HostEvent`). Resolves when the life lock is held. */
  init(options: HostOptions, events: MessagePort): Promise<void>;
  /** Loads a model; its progress comes as `LoadProgress` messages on `progress`. A model of the same id is replaced. */
  load(loadId: string, pkg: ModelPackage, backend: Backend, progress: MessagePort): Promise<Result<LoadedModelInfo>>;
  /** Loads a stage of a model, which is asked over `port` (`serveStage`). Unloaded as a model is, by its id. */
  loadStage(
    loadId: string,
    pkg: StagePackage,
    options: { readonly backend: Backend; readonly limits: StageLimits },
    port: MessagePort,
  ): Promise<Result<StageInfo>>;
  /** Loads the ends of a model; its stages are asked over `ring`. It then answers as any model does. */
  loadEnds(loadId: string, pkg: PipelinePackage, backend: Backend, ring: MessagePort): Promise<Result<LoadedModelInfo>>;
  /** Stops a load that runs; it then fails with `aborted`. What a load has just brought into memory is freed. */
  cancelLoad(loadId: string): void;
  /** Frees a model; its running answers fail with `model-not-loaded`. */
  unload(modelId: string): Promise<Result<undefined>>;
  /** Starts an answer, which is streamed over `port` (`StreamToPage`, `StreamToHost`). */
  generate(request: EngineRequest, port: MessagePort): void;
  /** Fault injection for tests: destroys the GPU device as a driver crash would. False where there is none. */
  simulateDeviceLoss(): boolean;
}

/** What happens in the worker without being asked for. */
export interface HostEvent {
  readonly type: "device-lost";
  readonly error: ErrorData;
}

/** Messages of one answer, from the worker. */
export type StreamToPage =
  /** Events in order. Uses up one credit; where none is left, events are gathered into the next batch. */
  | { readonly type: "events"; readonly events: readonly GenerationEvent[] }
  /** The answer ended; the last events came before. */
  | { readonly type: "end" }
  /** The answer failed. */
  | { readonly type: "failed"; readonly error: ErrorData };

/** Messages of one answer, from the page. */
export type StreamToHost =
  /** One batch was taken by the reader. */
  | { readonly type: "credit" }
  /** Nobody reads any more: stop before the next token. */
  | { readonly type: "cancel" };

/** Messages on a load's progress port. */
export type ProgressMessage = LoadProgress;

/** Batches that may be on their way at once: enough to hide the trip between threads. */
export const STREAM_CREDITS = 4;
/** Events that follow each other within this time travel in one batch: half a frame of a screen. */
export const GATHER_MS = 8;
/** Events gathered while there is no credit; beyond them the engine waits for the reader. */
export const MAX_GATHERED_EVENTS = 64;
