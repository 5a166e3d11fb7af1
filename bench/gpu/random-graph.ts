/** Writes the graph of a model with random weights of 4 bits, as the GenAI model builder exports it for WebGPU. */
import { DecoderWiring, type WrittenGraph } from "../../scripts/real-models/decoder-wiring";
import { dotted } from "../../scripts/real-models/operators";
import { CODE_SPREAD, Patterns } from "./patterns";
import { BLOCK, layerMatrices, type Shape } from "./shapes";
import { WeightsFile } from "./weights-file";

/** Scales of a matrix differ by this share. */
const SCALE_SPREAD = 0.2;
/** Queries and keys are larger than other values, so that a token attends to few others and depends on which. */
const ATTENTION_GAIN = 2;

/** A matrix of codes. */
interface Matrix {
  readonly columns: number;
  /** Its rows in groups: how many there are, and how much larger their results are than what goes in. */
  readonly groups: readonly (readonly [rows: number, gain: number])[];
}

/** A graph, and the file with its weights. */
interface RandomGraph {
  readonly model: Uint8Array;
  readonly weights: WeightsFile;
}

interface Options {
  /** Whether the model computes in half precision. */
  readonly half: boolean;
  /** Name of the file with the weights. */
  readonly location: string;
  /** The first tokens of the vocabulary never are the likeliest: their logits are 0. */
  readonly silentTokens: number;
}

/** Writes the graph. The same shape gives the same bytes. */
export function randomGraph(shape: Shape, options: Options): RandomGraph {
  const graph = new RandomDecoder(shape, options);
  graph.inputs();
  const model = graph.layers().model;
  return { model, weights: graph.weights };
}

class RandomDecoder extends DecoderWiring {
  readonly weights: WeightsFile;
  readonly #shape: Shape;
  readonly #options: Options;
  readonly #patterns: Patterns;

  constructor(shape: Shape, options: Options) {
    super(shape, { half: options.half });
    this.weights = new WeightsFile(options.location);
    this.#shape = shape;
    this.#options = options;
    this.#patterns = new Patterns(options.half);
  }

  /** Everything between the inputs and the logits. */
  layers(): WrittenGraph {
    const { layers, windows, ropeBase, sandwich, hidden } = this.#shape;
    const near = windows && this.rotaryTables(windows.ropeBase, "cos_cache_local", "sin_cache_local");
    const far = this.rotaryTables(ropeBase, "cos_cache", "sin_cache");
    let sum = this.#embedded();
    if (sandwich) sum = this.op("/model/embed_tokens/Mul", "Mul", [sum, this.number(Math.sqrt(hidden))]);
    let branch = "";
    for (let layer = 0; layer < layers; layer++) {
      const path = `/model/layers.${layer}`;
      const after = (name: string, value: string): string =>
        sandwich ? this.#norm(`${path}/${name}`, value, hidden) : value;
      const entry = this.#sumNorm(`${path}/input_layernorm`, sum, branch);
      const isNear = windows !== undefined && (layer + 1) % windows.wholeEvery !== 0;
      const qkv = this.#queriesKeysValues(layer, entry.normed);
      const attended = this.attention(layer, qkv, isNear ? near! : far, isNear ? windows.tokens : -1);
      const mixed = after("post_attention_layernorm_after", this.#product(layer, "attn/o_proj", attended));
      const middle = this.#sumNorm(`${path}/post_attention_layernorm`, entry.sum, mixed);
      sum = middle.sum;
      branch = after("post_feedforward_layernorm", this.#feedForward(layer, middle.normed));
    }
    this.#head(this.#sumNorm(`/model/layers.${layers}/final_norm_layernorm`, sum, branch).normed);
    return this.finish();
  }

  /** As on model hubs: a table of numbers, since rows of codes cannot be gathered everywhere. */
  #embedded(): string {
    const { vocabulary, hidden } = this.#shape;
    const largest = this.#shape.sandwich ? 1 / Math.sqrt(hidden) : 1;
    const place = this.weights.add(this.#patterns.floats(vocabulary * hidden, -largest, largest));
    const table = this.#placed([vocabulary, hidden], { name: "model.embed_tokens.weight", ...place });
    return this.op("/model/embed_tokens/Gather", "Gather", [table, "input_ids"]);
  }

  #queriesKeysValues(layer: number, normed: string): readonly [string, string, string] {
    const { headNorms, heads, keyHeads, headDim } = this.#shape;
    const keys = keyHeads * headDim;
    if (!headNorms) {
      const [rows, columns] = layerMatrices(this.#shape)["attn/qkv_proj"]!;
      const matrix = { columns, groups: [[rows - keys, ATTENTION_GAIN] as const, [keys, 1] as const] };
      return [this.#matMul(`/model/layers.${layer}/attn/qkv_proj`, normed, matrix), "", ""];
    }
    const inHeads = (name: string, count: number): string => {
      const path = `/model/layers.${layer}/attn/${name}_norm`;
      const product = this.#product(layer, `attn/${name}_proj`, normed);
      const apart = this.op(`${path}/Reshape_1`, "Reshape", [product, this.integers([0, 0, count, headDim])]);
      const even = this.#norm(path, apart, headDim, ATTENTION_GAIN);
      return this.op(`${path}/Reshape_2`, "Reshape", [even, this.integers([0, 0, count * headDim])]);
    };
    return [inHeads("q", heads), inHeads("k", keyHeads), this.#product(layer, "attn/v_proj", normed)];
  }

  #feedForward(layer: number, normed: string): string {
    const path = `/model/layers.${layer}/mlp`;
    const gate = this.#product(layer, "mlp/gate_proj", normed);
    const up = this.#product(layer, "mlp/up_proj", normed);
    const activated = this.#shape.sandwich
      ? this.ownOp(`${path}/act_fn/FastGelu`, "FastGelu", [gate])
      : this.op(`${path}/act_fn/Mul`, "Mul", [gate, this.op(`${path}/act_fn/Sigmoid`, "Sigmoid", [gate])]);
    return this.#product(layer, "mlp/down_proj", this.op(`${path}/Mul`, "Mul", [activated, up]));
  }

  #product(layer: number, name: string, x: string): string {
    const [rows, columns] = layerMatrices(this.#shape)[name]!;
    return this.#matMul(`/model/layers.${layer}/${name}`, x, { columns, groups: [[rows, 1]] });
  }

  #head(normed: string): void {
    const { vocabulary, hidden } = this.#shape;
    const { silentTokens } = this.#options;
    const groups = [[silentTokens, 0] as const, [vocabulary - silentTokens, 1] as const];
    this.#matMul("/lm_head", normed, { columns: hidden, groups }, "logits");
  }

  /** `x` times a matrix of codes. */
  #matMul(path: string, x: string, { columns, groups }: Matrix, output?: string): string {
    const name = `${dotted(path)}.MatMul.weight`;
    const rows = groups.reduce((sum, [count]) => sum + count, 0);
    const blocks = columns / BLOCK;
    const codes = this.writer.placed("uint8", [rows, blocks, BLOCK / 2], {
      name: `${name}_Q4`,
      ...this.weights.add(this.#patterns.codes(rows * columns)),
    });
    const scales = groups.map(([count, gain]) => {
      const scale = gain / (CODE_SPREAD * Math.sqrt(columns));
      return this.#patterns.floats(count * blocks, scale * (1 - SCALE_SPREAD), scale * (1 + SCALE_SPREAD));
    });
    const scaleName = this.#placed([rows * blocks], { name: `${name}_scales`, ...this.weights.add(...scales) });
    return this.ownOp(`${path}/MatMulNBits`, "MatMulNBits", [x, codes, scaleName], {
      attributes: { K: columns, N: rows, bits: 4, block_size: BLOCK, accuracy_level: 0 },
      ...(output !== undefined && { outputs: [output] }),
    });
  }

  #placed(dims: readonly number[], place: Parameters<typeof this.writer.placed>[2]): string {
    return this.writer.placed(this.#options.half ? "float16" : "float32", dims, place);
  }

  #sumNorm(path: string, sum: string, branch: string): { normed: string; sum: string } {
    const { hidden } = this.#shape;
    if (branch === "") return { normed: this.#norm(path, sum, hidden), sum };
    return this.sumNormWith(path, this.#normWeight(path, hidden), sum, branch);
  }

  #norm(path: string, value: string, width: number, gain = 1): string {
    return this.normWith(path, this.#normWeight(path, width, gain), value);
  }

  #normWeight(path: string, width: number, gain = 1): string {
    const name = `${dotted(path)}.weight`;
    return this.writer.weight([width], new Float32Array(width).fill(gain), { name, half: this.#options.half });
  }
}
