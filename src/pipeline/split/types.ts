/** What splitting a decoder gives: its parts, where it can be cut, and the files of a stage. */
import type { ElementType } from "../../onnx";

/** A value with a type and a shape, in the order of its dimensions; a text names an open one. */
export interface TensorSpec {
  readonly name: string;
  readonly dtype: ElementType;
  readonly shape: readonly (number | string)[];
}

/** A place between two stages, and what goes over it. */
export interface Cut {
  readonly tensors: readonly TensorSpec[];
  /** Bytes of all of them for one token. */
  readonly bytesPerToken: number;
}

/** State that a layer keeps between runs: an input, and the output that is the next run's input. */
export interface StateSpec extends TensorSpec {
  /** Name of the output that is the next run's input. */
  readonly output: string;
  /** Counted from 0 over the layers that have state. */
  readonly layer: number;
  /** Dimension that grows with each token, and that truncating shortens; undefined for state of fixed size. */
  readonly tokenAxis: number | undefined;
}

/** A decoder that can be split. Holds the graph, and no weights but those that stand in it. */
export interface DecoderGraph {
  readonly layers: number;
  /** Bytes of the weights that each part needs; what several parts need counts in each. */
  readonly embeddingBytes: number;
  readonly layerBytes: readonly number[];
  readonly headBytes: number;
  /** Bytes that the caches of a layer grow by for one token. */
  readonly kvBytesPerToken: readonly number[];
  /** Bytes of the state of a layer that has a fixed size, such as that of a convolution. */
  readonly fixedStateBytes: readonly number[];
  /** Cut `i` lies before layer `i`; the last one lies before the head. */
  readonly cuts: readonly Cut[];
  /** False where some layer has state that cannot go back to an earlier token. */
  readonly truncatable: boolean;
}

/** Which part of a decoder a stage has. */
export interface StageRange {
  /** Whether token ids enter here; only with `from: 0`. */
  readonly embed: boolean;
  /** Layers `[from, to)`. */
  readonly from: number;
  readonly to: number;
  /** Whether logits leave here; only with `to: layers`. */
  readonly head: boolean;
}

/** Bytes of the model's files that a stage needs, and where they go. */
export interface StagePiece {
  /** File of the model, as its graph names it: relative to the graph's folder. */
  readonly location: string;
  readonly offset: number;
  readonly length: number;
  /** File of the stage, by its `name`, and the place in it. */
  readonly file: string;
  readonly at: number;
}

/** An input of a stage that is neither state nor comes from the stage before. */
export interface StageFeed extends TensorSpec {
  /**
   * - `token-ids`: only in the stage with the embedding;
   * - `token-zeros`: zeros in the shape of the token ids, since the stage asks for nothing but their number;
   * - `attention-mask`, `position-ids`, `logits-to-keep`: as for the whole model;
   * - `past-shape`: the dimensions of the caches, which the stage itself does not have: as many integers as `dims` says,
   *   with 1 for the batch and the number of tokens in the caches for the dimension that is open.
   */
  readonly kind: "token-ids" | "token-zeros" | "attention-mask" | "position-ids" | "logits-to-keep" | "past-shape";
  /** For `past-shape`: sizes, and the names of open dimensions (the first is the batch). */
  readonly dims?: readonly (number | string)[];
}

/** A stage as a model of its own. */
export interface StageFile {
  /** A complete ONNX model, which looks for its weights in `files`. */
  readonly graphBytes: Uint8Array;
  /** Files that the weights are laid into, at most `MAX_FILE_BYTES` each unless one weight alone is larger. */
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
  /** What to fetch, by location and offset. */
  readonly pieces: readonly StagePiece[];
  /** Bytes of weights: those in `files`, and those in the graph. */
  readonly weightBytes: number;
  /** What the stage before sends; empty with the embedding. */
  readonly inputs: readonly TensorSpec[];
  /** What the stage after takes; empty with the head. */
  readonly outputs: readonly TensorSpec[];
  /** Names of those `inputs` that go on unchanged as `outputs`; the model itself neither takes nor gives them. */
  readonly forwarded: readonly string[];
  /** Names of those `inputs` that the model takes. */
  readonly taken: readonly string[];
  readonly feeds: readonly StageFeed[];
  readonly states: readonly StateSpec[];
  /** The output with the logits, in the stage with the head. */
  readonly logits: TensorSpec | undefined;
}
