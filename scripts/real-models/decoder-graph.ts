/**
 * The parts of a decoder from a GGUF file, in the shape of the GenAI model builder: grouped attention that rotates inside,
 * norms fused with sums, and products with matrices of codes.
 *
 * The operator `MatMulNBits` has no offsets for its blocks, and float zero points only for 4 bits on the CPU. So that no
 * number changes, products with the offsets have an operator of their own: the sums of each block of the input, times
 * the offsets.
 */
import { type ExternalFile, OnnxWriter } from "../../src/inference/testing/onnx-writer";
import { type BlockMatrix, blockMatrix, floats, packedCodes, turned, widened } from "./blocks";
import { type Gguf, numberOf } from "./gguf";

/** How the numbers of matrices are written. All of them are exactly those of the GGUF file. */
export type Precision = "q4" | "int8" | "fp32";

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

/** Embeddings of the tokens, and what makes logits from the last hidden state. */
interface EmbeddingTable {
  readonly embedded: string;
  head(hidden: string): void;
}

type NodeOptions = Parameters<OnnxWriter["node"]>[2];

const MICROSOFT = "com.microsoft";

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

/** Writes operators under the names that the GenAI builder gives them. */
export class DecoderGraph {
  readonly #gguf: Gguf;
  readonly #sizes: DecoderSizes;
  readonly #precision: Precision;
  readonly #writer: OnnxWriter;
  /** Sums of the blocks of a value; matrices that read the same value share them. */
  readonly #sums = new Map<string, string>();
  #lengths: readonly [string, string] | undefined;

  constructor(gguf: Gguf, sizes: DecoderSizes, precision: Precision, externalFile: string | undefined) {
    this.#gguf = gguf;
    this.#sizes = sizes;
    this.#precision = precision;
    this.#writer = new OnnxWriter(externalFile === undefined ? [] : [externalFile]);
  }

  /** Declares ids, mask and caches. Comes first. */
  inputs(): void {
    this.#writer.input({ name: "input_ids", type: "int64", shape: ["batch_size", "sequence_length"] });
    this.#writer.input({ name: "attention_mask", type: "int64", shape: ["batch_size", "total_sequence_length"] });
    for (let layer = 0; layer < this.#sizes.layers; layer++) this.#declareCache(layer);
    this.#lengths = this.#writeLengths();
  }

  /** Declares the logits. Comes last. */
  finish(): WrittenGraph {
    const shape = ["batch_size", "sequence_length", this.#sizes.vocabulary];
    this.#writer.output({ name: "logits", type: "float32", shape });
    return this.#writer.build();
  }

  op(path: string, op: string, inputs: readonly string[], options: NodeOptions = {}): string {
    return this.#writer.node(op, inputs, { name: path, outputs: [`${path}/output_0`], ...options });
  }

  /** An operator of ONNX Runtime's own. */
  ownOp(path: string, op: string, inputs: readonly string[], options: NodeOptions = {}): string {
    return this.op(path, op, inputs, { ...options, domain: MICROSOFT });
  }

  /** A constant of one number. */
  number(value: number): string {
    return this.#writer.weight([1], Float32Array.of(value));
  }

  integers(values: readonly number[]): string {
    return this.#writer.integers(values);
  }

  /** Cosines and sines of all positions, under these names. */
  rotaryTables(ropeBase: number, cosines: string, sines: string): readonly [string, string] {
    const { context, headDim } = this.#sizes;
    const half = headDim / 2;
    const table = (name: string, fn: (angle: number) => number): string => {
      const values = Float32Array.from({ length: context * half }, (_, index) =>
        fn(Math.floor(index / half) / ropeBase ** ((index % half) / half)),
      );
      return this.#writer.weight([context, half], values, { name });
    };
    return [table(cosines, Math.cos), table(sines, Math.sin)];
  }

  /** A matrix of the GGUF file. */
  matrix(name: string): BlockMatrix {
    return blockMatrix(this.#tensor(name));
  }

  /** Embedding and head over one table. */
  table(): EmbeddingTable {
    const matrix = this.matrix("token_embd.weight");
    return this.#precision === "fp32" ? this.#floatTable(matrix) : this.#codeTable(matrix);
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
    const { rows, columns } = matrix;
    const writer = this.#writer;
    const name = `${dotted(path)}.MatMul.weight`;
    if (this.#precision === "fp32") {
      const weight = writer.weight([columns, rows], turned(floats(matrix), rows, columns), { name });
      return this.op(`${path}/MatMul`, "MatMul", [x, weight]);
    }
    const written = this.#precision === "int8" ? widened(matrix) : matrix;
    const { block, bits, scales, offsets } = written;
    const blocks = columns / block;
    const codes = writer.codes([rows, blocks, (block * bits) / 8], packedCodes(written), { name: `${name}_Q${bits}` });
    const product = this.ownOp(
      `${path}/MatMulNBits`,
      "MatMulNBits",
      [x, codes, writer.weight([rows * blocks], scales, { name: `${name}_scales` })],
      { attributes: { K: columns, N: rows, bits, block_size: block } },
    );
    if (!offsets) return product;
    const weight = writer.weight([blocks, rows], turned(offsets, rows, blocks), { name: `${name}_offsets` });
    const added = this.op(`${path}/offsets/MatMul`, "MatMul", [this.#blockSums(x, blocks, block), weight]);
    return this.op(`${path}/Add`, "Add", [product, added]);
  }

  #declareCache(layer: number): void {
    const { keyHeads, headDim } = this.#sizes;
    for (const kind of ["key", "value"]) {
      const port = (name: string, tokens: string) =>
        ({ name, type: "float32", shape: ["batch_size", keyHeads, tokens, headDim] }) as const;
      this.#writer.input(port(`past_key_values.${layer}.${kind}`, "past_sequence_length"));
      this.#writer.output(port(`present.${layer}.${kind}`, "total_sequence_length"));
    }
  }

  /** Valid tokens before the last one, and all tokens. */
  #writeLengths(): readonly [string, string] {
    const path = "/model/attn_mask_reformat/attn_mask_subgraph";
    const writer = this.#writer;
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
    return this.#writer.weight([width], new Float32Array(bytes.slice().buffer), { name: `${dotted(path)}.weight` });
  }

  /** Embedding and head over one table of floats. */
  #floatTable(matrix: BlockMatrix): EmbeddingTable {
    const { vocabulary, hidden } = this.#sizes;
    const table = this.#writer.weight([vocabulary, hidden], floats(matrix), { name: "model.embed_tokens.weight" });
    return {
      embedded: this.op("/model/embed_tokens/Gather", "Gather", [table, "input_ids"]),
      head: (value) => {
        const turned = this.op("/lm_head/Transpose", "Transpose", [table], { attributes: { perm: [1, 0] } });
        this.op("/lm_head/MatMul", "MatMul", [value, turned], { outputs: ["logits"] });
      },
    };
  }

  /** Embedding and head over one table of codes, which the file has in 8 bits. */
  #codeTable(matrix: BlockMatrix): EmbeddingTable {
    const { vocabulary, hidden } = this.#sizes;
    const { block } = matrix;
    const blocks = hidden / block;
    const writer = this.#writer;
    const codes = writer.codes([vocabulary, hidden], packedCodes(matrix), { name: "model.embed_tokens.weight_Q8" });
    const scales = writer.weight([vocabulary, blocks], matrix.scales, { name: "model.embed_tokens.weight_scales" });
    const path = "/model/embed_tokens/GatherBlockQuantized";
    return {
      embedded: this.ownOp(path, "GatherBlockQuantized", [codes, "input_ids", scales], {
        attributes: { gather_axis: 0, quantize_axis: 1, block_size: block, bits: 8 },
      }),
      head: (value) => {
        const shaped = this.op("/lm_head/Reshape", "Reshape", [codes, writer.integers([vocabulary, blocks, block])]);
        this.ownOp("/lm_head/MatMulNBits", "MatMulNBits", [value, shaped, scales], {
          attributes: { K: hidden, N: vocabulary, bits: 8, block_size: block },
          outputs: ["logits"],
        });
      },
    };
  }

  #blockSums(x: string, blocks: number, block: number): string {
    const known = this.#sums.get(x);
    if (known !== undefined) return known;
    const path = `${x.replace(/\/output_0$/, "")}/block_sums`;
    const shaped = this.op(`${path}/Reshape`, "Reshape", [x, this.#writer.integers([0, 0, blocks, block])]);
    const sums = this.op(`${path}/ReduceSum`, "ReduceSum", [shaped, this.#writer.integers([-1])], {
      attributes: { keepdims: 0 },
    });
    this.#sums.set(x, sums);
    return sums;
  }
}

/** The name of a weight, as that of a module in PyTorch. */
const dotted = (path: string): string => path.slice(1).replaceAll("/", ".");
