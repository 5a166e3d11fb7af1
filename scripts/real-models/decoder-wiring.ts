/**
 * The wiring of a decoder in the shape of the GenAI model builder, whatever its weights are: grouped attention that rotates
 * inside, and norms fused with sums.
 */
import { type ExternalFile, OnnxWriter } from "../../src/inference/testing/onnx-writer";
import { Operators } from "./operators";

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

/** Writes the operators that need no matrices. */
export class DecoderWiring extends Operators {
  readonly #sizes: DecoderSizes;
  /** Whether the model computes in half precision. */
  readonly #half: boolean;
  #lengths: readonly [string, string] | undefined;

  constructor(
    sizes: DecoderSizes,
    { externalFile, half = false }: { externalFile?: string | undefined; half?: boolean },
  ) {
    super(new OnnxWriter(externalFile === undefined ? [] : [externalFile]));
    this.#sizes = sizes;
    this.#half = half;
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
    this.writer.output({ name: "logits", type: this.#type, shape });
    return this.writer.build();
  }

  /** A constant of one number. */
  number(value: number): string {
    return this.writer.weight([1], Float32Array.of(value), { half: this.#half });
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
      return this.writer.weight([context, half], values, { name, half: this.#half });
    };
    return [table(cosines, Math.cos), table(sines, Math.sin)];
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

  /** The norm of a value with the weights of this name. */
  protected normWith(path: string, weight: string, value: string): string {
    return this.op(`${path}/LayerNorm`, "SimplifiedLayerNormalization", [value, weight], {
      attributes: { axis: -1, epsilon: { float: this.#sizes.epsilon }, stash_type: 1 },
    });
  }

  /** The norm of the hidden state, after a branch has been added to it. */
  protected sumNormWith(path: string, weight: string, sum: string, branch: string): { normed: string; sum: string } {
    const outputs = [`${path}/output_0`, "", "", `${path}/output_3`] as const;
    this.ownOp(`${path}/SkipLayerNorm`, "SkipSimplifiedLayerNormalization", [sum, branch, weight], {
      attributes: { epsilon: { float: this.#sizes.epsilon } },
      outputs,
    });
    return { normed: outputs[0], sum: outputs[3] };
  }

  get #type(): "float16" | "float32" {
    return this.#half ? "float16" : "float32";
  }

  #declareCache(layer: number): void {
    const { keyHeads, headDim } = this.#sizes;
    for (const kind of ["key", "value"]) {
      const port = (name: string, tokens: string) =>
        ({ name, type: this.#type, shape: ["batch_size", keyHeads, tokens, headDim] }) as const;
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
}
