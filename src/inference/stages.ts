/** What a model in parts is: stages, what goes from one to the next, and the two ends that answer. */
import type { Backend, PackageFile } from "./types";

/** One tensor that goes from a stage of a model to the next: `[1, tokens, width]` numbers, as their bytes. */
export interface HiddenTensor {
  readonly name: string;
  readonly type: "float32" | "float16";
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** All that goes from a stage to the next for some tokens of a sequence. */
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
  /** What comes from the stage before. */
  readonly takes: readonly HiddenSlot[];
  /** Names of what of it goes on to the next stage as it is; the graph itself neither takes nor gives it. */
  readonly passes: readonly string[];
  /** What the graph gives to the next stage. */
  readonly gives: readonly HiddenSlot[];
  /** Whether it begins with token ids, and ends with logits. */
  readonly embeds: boolean;
  readonly predicts: boolean;
}

/** A stage of a model, ready to be executed. */
export interface StagePackage {
  readonly id: string;
  readonly name: string;
  readonly graph: Blob;
  /** Weights, by the names that the graph calls them by. */
  readonly files: readonly PackageFile[];
  readonly part: StagePart;
  /**
   * Whether quantized weights are expanded on the CPU (`expandsWeights` of the whole model): parts that decided by
   * themselves would compute slightly different numbers than the whole.
   */
  readonly expand: boolean;
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
  /** Tokens that go around in one step. */
  readonly stepTokens: number;
  /** Most tokens that are guessed ahead; 0 for models whose state cannot be taken back. */
  readonly maxDraft: number;
}

/** What comes next of a sequence, on its way through the stages of a model. */
export interface StageForward {
  readonly sequence: string;
  /** Tokens that are kept; all from there on are forgotten first, so that taking back cannot be overtaken. */
  readonly keep: number;
  /** Tokens that follow. */
  readonly count: number;
  readonly hidden: HiddenState;
}

/** What computes the layers between two cuts, wherever they are: a stage, or all stages between two. */
export interface StageService {
  /**
   * Throws `stage-refused` for what was not agreed to, `peer-protocol` for a hidden state that is none, `stage-lost` where
   * the sequence has to be read anew.
   */
  forward(step: StageForward, options: { signal: AbortSignal }): Promise<HiddenState>;
  /** Frees a sequence. */
  end(sequence: string): void;
}

/** What a stage lets a pipeline have. */
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
  /** Time of one token of a prompt, ms: a step of as many as the limits allow, divided by their number. */
  readonly prefillMs: number;
}
