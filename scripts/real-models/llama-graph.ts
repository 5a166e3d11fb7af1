/**
 * Writes a Llama model as an ONNX graph in the shape of the GenAI model builder: grouped attention that rotates inside,
 * norms fused with sums, and products with matrices of codes.
 *
 * The operator `MatMulNBits` has no offsets for its blocks, and float zero points only for 4 bits on the CPU. So that no
 * number changes, products with the offsets have an operator of their own: the sums of each block of the input, times
 * the offsets.
 */
import { type ExternalFile, OnnxWriter } from "../../src/inference/testing/onnx-writer";
import { BLOCK, type BlockMatrix, blockMatrix, floats, packedCodes, reordered, widened } from "./blocks";
import { type Gguf, numberOf } from "./gguf";

/** How the numbers of matrices are written. All of them are exactly those of the GGUF file. */
export type Precision = "q4" | "int8" | "fp32";

/** Sizes of a Llama model. */
export interface LlamaSizes {
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

const MICROSOFT = "com.microsoft";

export function llamaSizes(gguf: Gguf): LlamaSizes {
  const number = (key: string): number => numberOf(gguf, `llama.${key}`);
  const [hidden, heads] = [number("embedding_length"), number("attention.head_count")];
  return {
    layers: number("block_count"),
    hidden,
    heads,
    keyHeads: number("attention.head_count_kv"),
    headDim: hidden / heads,
    vocabulary: number("vocab_size"),
    context: number("context_length"),
    ropeBase: number("rope.freq_base"),
    epsilon: number("attention.layer_norm_rms_epsilon"),
    feedForward: number("feed_forward_length"),
  };
}

/**
 * The rows of a matrix of queries or keys in ONNX's order. GGUF files have the two halves of a head interleaved, since
 * llama.cpp rotates neighbours; ONNX Runtime rotates the first half with the second.
 */
export function halvesOrder(headDim: number): (row: number) => number {
  return (row) => {
    const [head, inHead] = [Math.floor(row / headDim), row % headDim];
    const [half, pair] = [Math.floor(inHead / (headDim / 2)), inHead % (headDim / 2)];
    return head * headDim + pair * 2 + half;
  };
}

/** Writes the graph. Weights go into `externalFile`, or stay inside the graph without one. */
export function llamaGraph(
  gguf: Gguf,
  precision: Precision,
  externalFile?: string,
): { model: Uint8Array; external: readonly ExternalFile[] } {
  return new LlamaGraph(gguf, precision, externalFile).write();
}

class LlamaGraph {
  readonly #gguf: Gguf;
  readonly #sizes: LlamaSizes;
  readonly #precision: Precision;
  readonly #writer: OnnxWriter;
  /** Sums of the blocks of a value; matrices that read the same value share them. */
  readonly #sums = new Map<string, string>();

  constructor(gguf: Gguf, precision: Precision, externalFile: string | undefined) {
    this.#gguf = gguf;
    this.#sizes = llamaSizes(gguf);
    this.#precision = precision;
    this.#writer = new OnnxWriter(externalFile === undefined ? [] : [externalFile]);
  }

  write(): { model: Uint8Array; external: readonly ExternalFile[] } {
    const { layers, vocabulary } = this.#sizes;
    const writer = this.#writer;
    writer.input({ name: "input_ids", type: "int64", shape: ["batch_size", "sequence_length"] });
    writer.input({ name: "attention_mask", type: "int64", shape: ["batch_size", "total_sequence_length"] });
    for (let layer = 0; layer < layers; layer++) this.#declareCache(layer);
    const lengths = this.#lengths();
    const tables = this.#rotaryTables();
    const table = this.#matrix("token_embd.weight");
    const { embedded, head } = this.#precision === "fp32" ? this.#floatTable(table) : this.#codeTable(table);

    let [sum, branch] = [embedded, ""];
    for (let layer = 0; layer < layers; layer++) {
      const path = `/model/layers.${layer}`;
      const entry = this.#norm(`${path}/input_layernorm`, `blk.${layer}.attn_norm.weight`, sum, branch);
      const mixed = this.#attention(layer, entry.normed, lengths, tables);
      const middle = this.#norm(`${path}/post_attention_layernorm`, `blk.${layer}.ffn_norm.weight`, entry.sum, mixed);
      [sum, branch] = [middle.sum, this.#feedForward(layer, middle.normed)];
    }
    const last = this.#norm(`/model/layers.${layers}/final_norm_layernorm`, "output_norm.weight", sum, branch);
    head(last.normed);
    writer.output({ name: "logits", type: "float32", shape: ["batch_size", "sequence_length", vocabulary] });
    return writer.build();
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

  #op(path: string, op: string, inputs: readonly string[], options: Parameters<OnnxWriter["node"]>[2] = {}): string {
    return this.#writer.node(op, inputs, { name: path, outputs: [`${path}/output_0`], ...options });
  }

  /** Valid tokens before the last one, and all tokens. */
  #lengths(): readonly [string, string] {
    const path = "/model/attn_mask_reformat/attn_mask_subgraph";
    const writer = this.#writer;
    const sum = this.#op(`${path}/ReduceSum`, "ReduceSum", ["attention_mask", writer.integers([1])], {
      attributes: { keepdims: 0 },
    });
    const last = this.#op(`${path}/Sub`, "Sub", [sum, writer.integers([1])]);
    const shape = this.#op(`${path}/Shape`, "Shape", ["attention_mask"]);
    const total = this.#op(`${path}/Gather`, "Gather", [shape, writer.integers([1], { scalar: true })]);
    const cast = (name: string, value: string): string =>
      this.#op(`${path}/${name}/Cast`, "Cast", [value], { attributes: { to: 6 } });
    return [cast("Sub", last), cast("Gather", total)];
  }

  #rotaryTables(): readonly [string, string] {
    const { context, headDim, ropeBase } = this.#sizes;
    const half = headDim / 2;
    const table = (name: string, fn: (angle: number) => number): string => {
      const values = Float32Array.from({ length: context * half }, (_, index) =>
        fn(Math.floor(index / half) / ropeBase ** ((index % half) / half)),
      );
      return this.#writer.weight([context, half], values, { name });
    };
    return [table("cos_cache", Math.cos), table("sin_cache", Math.sin)];
  }

  /** A matrix of the GGUF file. */
  #matrix(name: string): BlockMatrix {
    return blockMatrix(this.#tensor(name));
  }

  #tensor(name: string) {
    const tensor = this.#gguf.tensors.get(name);
    if (!tensor) throw new Error(`The GGUF file has no tensor ${name}.`);
    return tensor;
  }

  /** Embedding and head over one table of floats. */
  #floatTable(matrix: BlockMatrix): { embedded: string; head(hidden: string): void } {
    const { vocabulary, hidden } = this.#sizes;
    const table = this.#writer.weight([vocabulary, hidden], floats(matrix), { name: "model.embed_tokens.weight" });
    return {
      embedded: this.#op("/model/embed_tokens/Gather", "Gather", [table, "input_ids"]),
      head: (value) => {
        const turned = this.#op("/lm_head/Transpose", "Transpose", [table], { attributes: { perm: [1, 0] } });
        this.#op("/lm_head/MatMul", "MatMul", [value, turned], { outputs: ["logits"] });
      },
    };
  }

  /** Embedding and head over one table of codes, which the file has in 8 bits. */
  #codeTable(matrix: BlockMatrix): { embedded: string; head(hidden: string): void } {
    const { vocabulary, hidden } = this.#sizes;
    const blocks = hidden / BLOCK;
    const writer = this.#writer;
    const codes = writer.codes([vocabulary, hidden], packedCodes(matrix), { name: "model.embed_tokens.weight_Q8" });
    const scales = writer.weight([vocabulary, blocks], matrix.scales, { name: "model.embed_tokens.weight_scales" });
    return {
      embedded: this.#op(
        "/model/embed_tokens/GatherBlockQuantized",
        "GatherBlockQuantized",
        [codes, "input_ids", scales],
        { attributes: { gather_axis: 0, quantize_axis: 1, block_size: BLOCK, bits: 8 }, domain: MICROSOFT },
      ),
      head: (value) => {
        const dims = writer.integers([vocabulary, blocks, BLOCK]);
        const shaped = this.#op("/lm_head/Reshape", "Reshape", [codes, dims]);
        this.#op("/lm_head/MatMulNBits", "MatMulNBits", [value, shaped, scales], {
          attributes: { K: hidden, N: vocabulary, bits: 8, block_size: BLOCK },
          domain: MICROSOFT,
          outputs: ["logits"],
        });
      },
    };
  }

  /** The norm of the hidden state, to which a branch may still have to be added. */
  #norm(path: string, tensor: string, sum: string, branch: string): { normed: string; sum: string } {
    const { hidden, epsilon } = this.#sizes;
    const { bytes } = this.#tensor(tensor);
    const weight = this.#writer.weight([hidden], new Float32Array(bytes.slice().buffer), {
      name: `${path.slice(1).replaceAll("/", ".")}.weight`,
    });
    if (branch === "") {
      const normed = this.#op(`${path}/LayerNorm`, "SimplifiedLayerNormalization", [sum, weight], {
        attributes: { axis: -1, epsilon: { float: epsilon }, stash_type: 1 },
      });
      return { normed, sum };
    }
    const outputs = [`${path}/output_0`, "", "", `${path}/output_3`] as const;
    this.#op(`${path}/SkipLayerNorm`, "SkipSimplifiedLayerNormalization", [sum, branch, weight], {
      attributes: { epsilon: { float: epsilon } },
      domain: MICROSOFT,
      outputs,
    });
    return { normed: outputs[0], sum: outputs[3] };
  }

  #attention(
    layer: number,
    normed: string,
    lengths: readonly [string, string],
    tables: readonly [string, string],
  ): string {
    const { heads, keyHeads, headDim } = this.#sizes;
    const path = `/model/layers.${layer}/attn`;
    const order = halvesOrder(headDim);
    const product = (name: string, tensor: string, x: string, rows?: (row: number) => number): string => {
      const matrix = this.#matrix(`blk.${layer}.attn_${tensor}.weight`);
      return this.#product(`${path}/${name}`, x, rows ? reordered(matrix, rows) : matrix);
    };
    const q = product("q_proj", "q", normed, order);
    const k = product("k_proj", "k", normed, order);
    const v = product("v_proj", "v", normed);
    const past = ["key", "value"].map((kind) => `past_key_values.${layer}.${kind}`);
    const mixed = this.#op(
      `${path}/GroupQueryAttention`,
      "GroupQueryAttention",
      [q, k, v, ...past, ...lengths, ...tables],
      {
        outputs: [`${path}/GroupQueryAttention/output_0`, `present.${layer}.key`, `present.${layer}.value`],
        domain: MICROSOFT,
        attributes: {
          num_heads: heads,
          kv_num_heads: keyHeads,
          scale: { float: 1 / Math.sqrt(headDim) },
          local_window_size: -1,
          softcap: { float: 0 },
          do_rotary: 1,
          rotary_interleaved: 0,
        },
      },
    );
    return product("o_proj", "output", mixed);
  }

  #feedForward(layer: number, normed: string): string {
    const path = `/model/layers.${layer}/mlp`;
    const product = (name: string, tensor: string, x: string): string =>
      this.#product(`${path}/${name}`, x, this.#matrix(`blk.${layer}.ffn_${tensor}.weight`));
    const gate = product("gate_proj", "gate", normed);
    const up = product("up_proj", "up", normed);
    const sigmoid = this.#op(`${path}/act_fn/Sigmoid`, "Sigmoid", [gate]);
    const activated = this.#op(`${path}/act_fn/Mul`, "Mul", [gate, sigmoid]);
    return product("down_proj", "down", this.#op(`${path}/Mul`, "Mul", [activated, up]));
  }

  /** `x` times the matrix: each of its rows gives one number. */
  #product(path: string, x: string, matrix: BlockMatrix): string {
    const { rows, columns } = matrix;
    const writer = this.#writer;
    const name = `${path.slice(1).replaceAll("/", ".")}.MatMul.weight`;
    if (this.#precision === "fp32") {
      const weight = writer.weight([columns, rows], turned(floats(matrix), rows, columns), { name });
      return this.#op(`${path}/MatMul`, "MatMul", [x, weight]);
    }
    const { bits, scales, offsets, ...rest } = this.#precision === "int8" ? widened(matrix) : matrix;
    const blocks = columns / BLOCK;
    const codes = writer.codes([rows, blocks, (BLOCK * bits) / 8], packedCodes({ bits, scales, offsets, ...rest }), {
      name: `${name}_Q${bits}`,
    });
    const product = this.#op(
      `${path}/MatMulNBits`,
      "MatMulNBits",
      [x, codes, writer.weight([rows * blocks], scales, { name: `${name}_scales` })],
      { attributes: { K: columns, N: rows, bits, block_size: BLOCK }, domain: MICROSOFT },
    );
    if (!offsets) return product;
    const weight = writer.weight([blocks, rows], turned(offsets, rows, blocks), { name: `${name}_offsets` });
    const added = this.#op(`${path}/offsets/MatMul`, "MatMul", [this.#blockSums(x, blocks), weight]);
    return this.#op(`${path}/Add`, "Add", [product, added]);
  }

  #blockSums(x: string, blocks: number): string {
    const known = this.#sums.get(x);
    if (known !== undefined) return known;
    const path = `${x.replace(/\/output_0$/, "")}/block_sums`;
    const shaped = this.#op(`${path}/Reshape`, "Reshape", [x, this.#writer.integers([0, 0, blocks, BLOCK])]);
    const sums = this.#op(`${path}/ReduceSum`, "ReduceSum", [shaped, this.#writer.integers([-1])], {
      attributes: { keepdims: 0 },
    });
    this.#sums.set(x, sums);
    return sums;
  }
}

/** A matrix with rows and columns exchanged. */
function turned(values: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) out[column * rows + row] = values[row * columns + column]!;
  }
  return out;
}
