/** Terms of a model in parts: its stages, the hidden states that pass between them, and the two ends that answer. */
import type { Backend, LayerCheck, PackageFile } from "./types";

/** Answers that a model or a pipeline computes at once, whose next tokens may share a run. With more, each would become slow. */
export const ANSWERS_AT_ONCE = 8;

/** One tensor that goes from a stage of a model to the next: `width` numbers for each token, as their bytes. */
interface HiddenTensor {
  readonly name: string;
  readonly type: "float32" | "float16";
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** All tensors that one stage sends to the next for some tokens of a sequence. */
export type HiddenState = readonly HiddenTensor[];

/** A tensor of a hidden state as a graph names it. */
export interface HiddenSlot {
  readonly name: string;
  readonly type: HiddenTensor["type"];
  /** Numbers of one token. */
  readonly width: number;
}

/** Which part of a model a graph is. */
export interface StagePart {
  /** The hidden state that comes from the previous stage. */
  readonly takes: readonly HiddenSlot[];
  /** Names of tensors that go on to the next stage unchanged. The graph may take them, but never gives them. */
  readonly passes: readonly string[];
  /** The hidden state that the graph gives to the next stage. */
  readonly gives: readonly HiddenSlot[];
  /** Whether the part begins with token ids, and (`predicts`) whether it ends with logits. */
  readonly embeds: boolean;
  readonly predicts: boolean;
}

/** A stage of a model, ready to be executed. */
export interface StagePackage {
  readonly id: string;
  readonly name: string;
  readonly graph: Blob;
  /** Weights, by their names in the graph. */
  readonly files: readonly PackageFile[];
  readonly part: StagePart;
  /**
   * Whether quantized weights are expanded on the CPU (`expandedBytes` of the whole model): parts that decided by
   * themselves would compute slightly different numbers than the whole.
   */
  readonly expand: boolean;
  /** Layers of this part, each by itself, which a GPU compares with the CPU's results; none if it is left out. */
  readonly sample?: LayerSample;
}

/** Layers of a model that together have all its operators. */
export interface LayerSample {
  readonly layers: readonly StagePackage[];
  /** Layers that cannot be computed twice, or the model itself, with the reason. */
  readonly leftOut: readonly string[];
}

/** The two ends of a model whose middle runs elsewhere. */
export interface PipelinePackage {
  readonly id: string;
  readonly name: string;
  readonly packageHash: string;
  /** Tokenizer and configuration. */
  readonly files: readonly PackageFile[];
  /** From the token ids on, and up to the logits. */
  readonly front: StagePackage;
  readonly back: StagePackage;
  /** Tokens of one sequence that all stages of the ring agreed to hold; the model may itself read fewer. */
  readonly contextLength: number;
  /** Tokens that go around the ring in one step. */
  readonly stepTokens: number;
  /** False for a model with state that cannot be taken back; nothing is guessed ahead then. */
  readonly canGoBack: boolean;
  /** Most tokens that are guessed ahead. */
  readonly maxDraft: number;
}

/** The next tokens of a sequence, on their way through the stages of a model. */
export interface StageForward {
  readonly sequence: string;
  /** Number of tokens to keep. All later ones are forgotten first: a separate message for that could arrive too late. */
  readonly keep: number;
  /** Tokens that follow. */
  readonly count: number;
  readonly hidden: HiddenState;
}

/** Computes the layers between two cuts, here or on other devices: one stage, or several in a row. */
export interface StageService {
  /**
   * Throws `stage-refused` if the step exceeds the agreed limits, `peer-protocol` if the hidden state is malformed, and
   * `stage-lost` if the sequence has to be read again from its start.
   */
  forward(step: StageForward, options: { signal: AbortSignal }): Promise<HiddenState>;
  /** Frees a sequence. */
  end(sequence: string): void;
}

/** Limits of a pipeline's use of a stage. */
export interface StageLimits {
  /** Sequences at once. */
  readonly sequences: number;
  /** Tokens of one sequence. */
  readonly contextLength: number;
  /** Tokens of one step. */
  readonly stepTokens: number;
  /** Memory for keys and values, in bytes. */
  readonly cacheBytes: number;
}

/** A stage in memory. */
export interface StageInfo {
  readonly id: string;
  readonly backend: Backend;
  /** Bytes that keys and values of one token take. */
  readonly kvBytesPerToken: number;
  /** Time of one token through all its layers, ms, as measured when it was loaded. */
  readonly decodeMs: number;
  /** Time of one token of a prompt, ms: the time of the largest allowed step, divided by its number of tokens. */
  readonly prefillMs: number;
  /** Which of its layers gave the CPU's results; absent on the CPU, and where none were to be compared. */
  readonly checked?: LayerCheck | undefined;
}

/** A model whose files are in memory or on disk. */
interface SampledModel {
  readonly graphBytes: Uint8Array;
  /** Files with weights, by the path that the graph gives them. */
  readonly external: readonly { readonly path: string; readonly data: Blob }[];
  /** Sizes of caches, for graphs that leave them open. */
  readonly heads: number | undefined;
  readonly headDim: number | undefined;
}

/** Cuts single layers out of a model, which together have all its operators. */
export type SampleLayers = (model: SampledModel, options: { readonly signal: AbortSignal }) => Promise<LayerSample>;
