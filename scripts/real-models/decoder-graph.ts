/**
 * The parts of a decoder from a GGUF file, in the shape of the GenAI model builder: grouped attention that rotates inside,
 * norms fused with sums, and products with matrices.
 */
import { type ExternalFile, OnnxWriter } from "../../src/inference/testing/onnx-writer";
import { type BlockMatrix, blockMatrix } from "./blocks";
import { type Gguf, numberOf } from "./gguf";
import { CodeMatrices, type EmbeddingTable, FloatMatrices, type Matrices } from "./matrices";
import { dotted, Operators } from "./operators";
import { RoundedMatrices } from "./rounded-matrices";

/** How the numbers of matrices are written. All of them are exactly those of the GGUF file, except those of `q8`, which are rounded. */
export type Precision = "q4" | "int8" | "fp32" | "q8";

/** Sizes of a model. */
export interface DecoderSizes {
  readonly layers: number;
  readonly hidden: number;
  readonly heads: number;
  readonly keyHeads: number;
  readonly headDim: number;
  readonly vocabulary: number;
  readonly context: number;
  readonly ropeBase: number;
  readonly epsilon: number;
  readonly feedForward: number;
}

/** A graph, and the files with its weights. */
export interface WrittenGraph {
  readonly model: Uint8Array;
  readonly external: readonly ExternalFile[];
}

/** Writes the graph of a model. Weights go into `externalFile`, or stay inside the graph without one. */
export type WriteGraph = (gguf: Gguf, precision: Precision, externalFile?: string) => WrittenGraph;

const MATRICES: Readonly<Record<Precision, (operators: Operators) => Matrices>> = {
  q4: (operators) => new CodeMatrices(operators, 4),
  int8: (operators) => new CodeMatrices(operators, 8),
  fp32: (operators) => new FloatMatrices(operators),
  q8: (operators) => new RoundedMatrices(operators),
};

/** Reads the sizes that all architectures have; `prefix` begins the names of their keys. */
export function decoderSizes(gguf: Gguf, prefix: string): Omit<DecoderSizes, "headDim" | "vocabulary"> {
  const number = (key: string): number => numberOf(gguf, `${prefix}.${key}`);
  return {
    layers: number("block_count"),
    hidden: number("embedding_length"),
    heads: number("attention.head_count"),
    keyHeads: number("attention.head_count_kv"),
    context: number("context_length"),
    ropeBase: number("rope.freq_base"),
    epsilon: number("attention.layer_norm_rms_epsilon"),
    feedForward: number("feed_forward_length"),
  };
}

/** Writes the parts of one model. */
export class DecoderGraph extends Operators {
  readonly #gguf: Gguf;
  readonly #sizes: DecoderSizes;
  readonly #matrices: Matrices;
  #lengths: readonly [string, string] | undefined;

  constructor(gguf: Gguf, sizes: DecoderSizes, precision: Precision, externalFile: string | undefined) {
    super(new OnnxWriter(externalFile === undefined ? [] : [externalFile]));
    this.#gguf = gguf;
    this.#sizes = sizes;
    this.#matrices = MATRICES[precision](this);
  }

  /** Declares ids, mask and caches. Comes first. */
  inputs(): void {
    this.writer.input({ name: "input_ids", type: "int64", shape: ["batch_size", "sequence_length"] });
    this.writer.input({ name: "attention_mask", type: "int64", shape: ["batch_size", "total_sequence_length"] });
    for (let layer = 0; layer < this.#sizes.layers; layer++) this.#declareCache(layer);
    this.#lengths = this.#writeLengths();
  }

  /** Declares the logits. Comes last. */
  finish(): WrittenGraph {
    const shape = ["batch_size", "sequence_length", this.#sizes.vocabulary];
    this.writer.output({ name: "logits", type: "float32", shape });
    return this.writer.build();
  }

  /** A constant of one number. */
  number(value: number): string {
    return this.writer.weight([1], Float32Array.of(value));
  }

  integers(values: readonly number[]): string {
    return this.writer.integers(values);
  }

  /** Cosines and sines of all positions, under these names. */
  rotaryTables(ropeBase: number, cosines: string, sines: string): readonly [string, string] {
    const { context, headDim } = this.#sizes;
    const half = headDim / 2;
    const table = (name: string, fn: (angle: number) => number): string => {
      const values = Float32Array.from({ length: context * half }, (_, index) =>
        fn(Math.floor(index / half) / ropeBase ** ((index % half) / half)),
      );
      return this.writer.weight([context, half], values, { name });
    };
    return [table(cosines, Math.cos), table(sines, Math.sin)];
  }

  /** A matrix of the GGUF file. */
  matrix(name: string): BlockMatrix {
    return blockMatrix(this.#tensor(name));
  }

  /** Embedding and head over one table. */
  table(): EmbeddingTable {
    return this.#matrices.table(this.matrix("token_embd.weight"));
  }

  /** The norm of a value, over its last `width` numbers. */
  norm(path: string, tensor: string, value: string, width = this.#sizes.hidden): string {
    return this.op(
      `${path}/LayerNorm`,
      "SimplifiedLayerNormalization",
      [value, this.#normWeight(path, tensor, width)],
      {
        attributes: { axis: -1, epsilon: { float: this.#sizes.epsilon }, stash_type: 1 },
      },
    );
  }

  /** The norm of the hidden state, after a branch has been added to it. */
  normOfSum(path: string, tensor: string, sum: string, branch: string): { normed: string; sum: string } {
    if (branch === "") return { normed: this.norm(path, tensor, sum), sum };
    const outputs = [`${path}/output_0`, "", "", `${path}/output_3`] as const;
    const weight = this.#normWeight(path, tensor, this.#sizes.hidden);
    this.ownOp(`${path}/SkipLayerNorm`, "SkipSimplifiedLayerNormalization", [sum, branch, weight], {
      attributes: { epsilon: { float: this.#sizes.epsilon } },
      outputs,
    });
    return { normed: outputs[0], sum: outputs[3] };
  }

  /** Attention with the layer's cache; a layer without a `window` sees all tokens. */
  attention(
    layer: number,
    qkv: readonly [string, string, string],
    tables: readonly [string, string],
    window = -1,
  ): string {
    const { heads, keyHeads, headDim } = this.#sizes;
    const path = `/model/layers.${layer}/attn/GroupQueryAttention`;
    const past = ["key", "value"].map((kind) => `past_key_values.${layer}.${kind}`);
    return this.ownOp(path, "GroupQueryAttention", [...qkv, ...past, ...this.#lengths!, ...tables], {
      outputs: [`${path}/output_0`, `present.${layer}.key`, `present.${layer}.value`],
      attributes: {
        num_heads: heads,
        kv_num_heads: keyHeads,
        scale: { float: 1 / Math.sqrt(headDim) },
        local_window_size: window,
        softcap: { float: 0 },
        do_rotary: 1,
        rotary_interleaved: 0,
      },
    });
  }

  /** `x` times the matrix: each of its rows gives one number. */
  product(path: string, x: string, matrix: BlockMatrix): string {
    return this.#matrices.product(path, x, matrix);
  }

  #declareCache(layer: number): void {
    const { keyHeads, headDim } = this.#sizes;
    for (const kind of ["key", "value"]) {
      const port = (name: string, tokens: string) =>
        ({ name, type: "float32", shape: ["batch_size", keyHeads, tokens, headDim] }) as const;
      this.writer.input(port(`past_key_values.${layer}.${kind}`, "past_sequence_length"));
      this.writer.output(port(`present.${layer}.${kind}`, "total_sequence_length"));
    }
  }

  /** Valid tokens before the last one, and all tokens. */
  #writeLengths(): readonly [string, string] {
    const path = "/model/attn_mask_reformat/attn_mask_subgraph";
    const writer = this.writer;
    const sum = this.op(`${path}/ReduceSum`, "ReduceSum", ["attention_mask", writer.integers([1])], {
      attributes: { keepdims: 0 },
    });
    const last = this.op(`${path}/Sub`, "Sub", [sum, writer.integers([1])]);
    const shape = this.op(`${path}/Shape`, "Shape", ["attention_mask"]);
    const total = this.op(`${path}/Gather`, "Gather", [shape, writer.integers([1], { scalar: true })]);
    const cast = (name: string, value: string): string =>
      this.op(`${path}/${name}/Cast`, "Cast", [value], { attributes: { to: 6 } });
    return [cast("Sub", last), cast("Gather", total)];
  }

  #tensor(name: string) {
    const tensor = this.#gguf.tensors.get(name);
    if (!tensor) throw new Error(`The GGUF file has no tensor ${name}.`);
    return tensor;
  }

  #normWeight(path: string, tensor: string, width: number): string {
    const { bytes } = this.#tensor(tensor);
    return this.writer.weight([width], new Float32Array(bytes.slice().buffer), { name: `${dotted(path)}.weight` });
  }
}
