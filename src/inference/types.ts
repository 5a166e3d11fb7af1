/** Types of generation: events, and the engines that run requests. The data that travels has schemas. */

import type {
  Backend,
  EmbeddingRequest,
  FinishReason,
  GenerationRequest,
  ModelOffer,
  PrivacyClass,
  TokenLogprob,
  Usage,
} from "./schemas";

export type {
  AnswerFormat,
  Backend,
  ChatAbilities,
  ChatMessage,
  EmbeddingRequest,
  EngineName,
  FinishReason,
  GenerationRequest,
  ModelOffer,
  PrivacyClass,
  RequestedSampling,
  ResumePoint,
  Sampling,
  TokenLogprob,
  Usage,
} from "./schemas";

/** A request to a model in an engine, which may have others beside it. */
export interface EngineRequest extends GenerationRequest {
  /**
   * Id of a small whole model in the same worker that guesses ahead for a model in parts, if looking up earlier text finds
   * nothing. Ignored if that model is not loaded or has another tokenizer. It does not change the answer.
   */
  readonly draft?: string;
  /** As in `GenerateOptions`. Prompts that were read are kept for each asker apart. */
  readonly asker?: string | undefined;
}

/** How a provider is asked. */
export interface GenerateOptions {
  readonly signal: AbortSignal;
  /**
   * The peer for whom this is: the branch of its room with which it shares what is scarce, a space, and its did. Absent for this
   * device's own user.
   */
  readonly asker?: string | undefined;
}

/**
 * A piece of what the model thinks before it answers (`reasoning`), or of the answer (`token`). It ends at a token boundary:
 * `text` is exactly the text of `ids` (text held back for a stop string or an unfinished character comes later, with its ids).
 * Marks around a thought are no text; their ids come without any.
 * Only the last event before `done` may carry less text than its ids, if a stop string cut it.
 */
export type PieceEvent = Piece<"reasoning"> | Piece<"token">;

interface Piece<Type extends string> {
  readonly type: Type;
  readonly text: string;
  readonly ids: readonly number[];
  readonly logprobs?: readonly TokenLogprob[];
}

/** An event in a provider's stream. */
export type GenerationEvent =
  | { readonly type: "queued"; readonly position: number; readonly etaMs: number }
  /** The request can be answered, and the model begins to read it. Until then, it may be refused. */
  | { readonly type: "accepted" }
  /** The oldest `messages` of the chat did not fit the model's context: it has not read them. */
  | { readonly type: "shortened"; readonly messages: number }
  | PieceEvent
  | { readonly type: "done"; readonly finishReason: FinishReason; readonly usage: Usage };

/** The vectors of a request's inputs. */
export interface Embedded {
  /** Numbers of one vector. */
  readonly dimensions: number;
  /** All vectors, one behind another in the order of the inputs. */
  readonly vectors: Float32Array<ArrayBuffer>;
  /** Tokens that the model has read, with those that its tokenizer adds. */
  readonly promptTokens: number;
}

export interface Estimate {
  /** Milliseconds from now to the first token, queue and round trip included. */
  readonly firstTokenMs: number;
  readonly msPerToken: number;
  /** Credits for the whole answer; 0 if it is free. */
  readonly price: number;
  /** How far the prompt travels. */
  readonly privacy: PrivacyClass;
}

/** A request to a provider: for an answer, or for vectors. */
export type WorkRequest = GenerationRequest | EmbeddingRequest;

/** Anything that can answer a request. */
export interface Provider {
  readonly id: string;
  readonly kind: "local" | "peer" | "pipeline" | "remote" | "federated";
  readonly name: string;
  models(): readonly ModelOffer[];
  estimate(request: WorkRequest): Estimate;
  /** Streams the answer. Leaving the loop or aborting stops the work within one token. */
  generate(request: GenerationRequest, options: GenerateOptions): AsyncIterable<GenerationEvent>;
  /** Turns texts into vectors, with those of its models that make embeddings. Absent if it never has any. */
  embed?(request: EmbeddingRequest, options: { signal: AbortSignal }): Promise<Embedded>;
}

export interface LoadProgress {
  readonly phase: "download" | "read" | "compile" | "check";
  /** Bytes so far and in all; `totalBytes` 0 where unknown. */
  readonly loadedBytes: number;
  readonly totalBytes: number;
  /** Bytes per second over the last seconds, 0 where unknown. */
  readonly bytesPerSecond: number;
  /** Milliseconds to the end of this phase; undefined where unknown. */
  readonly etaMs: number | undefined;
  /** One short sentence for people. */
  readonly text: string;
}

/** One file of a model. A `Blob` from the disk store is read lazily and crosses threads at no cost. */
export interface PackageFile {
  /** Path inside the package, such as `onnx/model_q4.onnx_data`. */
  readonly path: string;
  readonly blob: Blob;
}

/** The files of one model, ready to be executed by the engine that is named. */
export type ModelPackage =
  | {
      readonly engine: "onnx";
      readonly id: string;
      readonly name: string;
      readonly packageHash: string;
      /** Path of the graph to run among `files`. */
      readonly graph: string;
      /** Path of the graph that makes the inputs of `graph` from token ids, in models of several graphs. */
      readonly embedder?: string;
      readonly files: readonly PackageFile[];
    }
  | {
      readonly engine: "webllm";
      readonly id: string;
      readonly name: string;
      readonly packageHash: string;
      /** Base URL of the weights and configuration, and URL of the compiled model library. */
      readonly modelUrl: string;
      readonly libraryUrl: string;
      /** Path of the package's own manifest below `modelUrl`, where the model comes with one. */
      readonly manifest?: string;
      readonly requiredFeatures: readonly string[];
      /** True if it makes embeddings. */
      readonly embeds?: boolean;
      readonly overrides: { readonly contextLength?: number };
    }
  | {
      readonly engine: "wllama";
      readonly id: string;
      readonly name: string;
      readonly packageHash: string;
      /** The GGUF file, or the parts of one in their order. */
      readonly files: readonly PackageFile[];
    };

/** How much of a model on the GPU was compared with the CPU's results. */
export interface LayerCheck {
  /** Number of layers that agree. */
  readonly layers: number;
  /** The layers that could not be compared, with the reason, for people. */
  readonly leftOut: readonly string[];
}

/** Facts about a loaded model: its offer, with the rates from the self-check at load, and how it is run. */
export interface LoadedModelInfo extends Omit<ModelOffer, "model" | "devices"> {
  readonly id: string;
  /** Largest prompt chunk that the self-check found trustworthy. */
  readonly prefillChunk: number;
  /** True if the KV cache is bound in place, false for the growing fallback. */
  readonly kvInPlace: boolean;
  /** Mean surprise at the words of a well-known answer, in nats per token; absent if the engine did not measure it. */
  readonly surprise?: number;
  /** Which layers gave the CPU's results on the GPU; absent on the CPU, and if the engine does not compare. */
  readonly checked?: LayerCheck | undefined;
}

export interface LoadedModel {
  readonly info: LoadedModelInfo;
  /** Streams an answer. Throws `unsupported-model` if the model makes embeddings. */
  generate(request: EngineRequest, options: { signal: AbortSignal }): AsyncIterable<GenerationEvent>;
  /**
   * Turns texts into vectors. Throws `unsupported-model` if the model answers chats, `context-exceeded` if an input is longer
   * than the model's window, and `bad-request` for ids or a number of dimensions that the model does not have. Aborting stops
   * between two batches.
   */
  embed(request: EmbeddingRequest, options: { signal: AbortSignal }): Promise<Embedded>;
  unload(): Promise<void>;
}

/** Runs models inside a worker. */
export interface Engine {
  load(
    pkg: ModelPackage,
    options: { signal: AbortSignal; backend: Backend; onProgress(progress: LoadProgress): void },
  ): Promise<LoadedModel>;
}

/** The abilities of this device, probed once at the start. */
export interface DeviceInfo {
  readonly webgpu:
    | {
        readonly vendor: string;
        readonly architecture: string;
        readonly description: string;
        readonly features: readonly string[];
        readonly maxBufferSize: number;
        readonly maxStorageBufferBindingSize: number;
        /** True for a software adapter. */
        readonly software: boolean;
      }
    | undefined;
  /** Tells people why there is no WebGPU; undefined if there is. */
  readonly webgpuMissing: string | undefined;
  /** Approximate device memory in bytes as the browser tells it (capped), undefined if it does not. */
  readonly memoryBytes: number | undefined;
  readonly threads: number;
  readonly mobile: boolean;
  /** Short description for people, such as "Chrome on Linux". */
  readonly label: string;
}
