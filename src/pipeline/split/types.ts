/** The results of splitting a decoder: its parts, where it can be cut, and the files of a stage. */
import type { ElementType } from "../../onnx";

/** A value with its type and shape; a string in the shape names an open dimension. */
export interface TensorSpec {
  readonly name: string;
  readonly dtype: ElementType;
  readonly shape: readonly (number | string)[];
}

/** A place between two stages, and the tensors that cross it. */
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
  /** The dimension that grows with each token and that truncation shortens; undefined for state of fixed size. */
  readonly tokenAxis: number | undefined;
}

/** A decoder that can be split. Holds the graph, and only the weights that are stored in the graph itself. */
export interface DecoderGraph {
  readonly layers: number;
  /** Bytes of the weights that each part needs; weights that several parts share count in each. */
  readonly embeddingBytes: number;
  readonly layerBytes: readonly number[];
  readonly headBytes: number;
  /** Bytes that the caches of a layer grow by for one token. */
  readonly kvBytesPerToken: readonly number[];
  /** Bytes of the state of a layer that has a fixed size, such as that of a convolution. */
  readonly fixedStateBytes: readonly number[];
  /** Cut `i` lies before layer `i`; the last one lies before the head. */
  readonly cuts: readonly Cut[];
  /** False if some layer has state that cannot go back to an earlier token. */
  readonly truncatable: boolean;
}

/** The part of a decoder that a stage has. */
export interface StageRange {
  /** Whether token ids enter here; only with `from: 0`. */
  readonly embed: boolean;
  /** Layers `[from, to)`. */
  readonly from: number;
  readonly to: number;
  /** Whether logits leave here; only with `to: layers`. */
  readonly head: boolean;
}

/** A piece of the model's files that a stage needs, and its place in the stage's files. */
export interface StagePiece {
  /** File of the model, as its graph names it: relative to the graph's folder. */
  readonly location: string;
  readonly offset: number;
  readonly length: number;
  /** The `name` of the stage's file, and the offset in it. */
  readonly file: string;
  readonly at: number;
}

/** An input of a stage that is not state and does not come from the stage before. */
export interface StageFeed extends TensorSpec {
  /**
   * - `token-ids`: only in the stage with the embedding;
   * - `token-zeros`: zeros in the shape of the token ids, because the stage needs only their number;
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
  /** Files for the weights, at most `MAX_FILE_BYTES` each unless a single weight is larger. */
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
  /** The pieces to fetch, sorted by location and offset. */
  readonly pieces: readonly StagePiece[];
  /** Bytes of all weights, in `files` and in the graph. */
  readonly weightBytes: number;
  /** The tensors that the stage before sends; empty in the stage with the embedding. */
  readonly inputs: readonly TensorSpec[];
  /** The tensors that the stage after takes; empty in the stage with the head. */
  readonly outputs: readonly TensorSpec[];
  /** Names of the `inputs` that are passed on unchanged as `outputs`; the model itself never sees them. */
  readonly forwarded: readonly string[];
  /** Names of the `inputs` that the model takes. */
  readonly taken: readonly string[];
  readonly feeds: readonly StageFeed[];
  readonly states: readonly StateSpec[];
  /** The output with the logits, in the stage with the head. */
  readonly logits: TensorSpec | undefined;
}
