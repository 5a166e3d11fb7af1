/** Decoder graphs with random weights in the architectures that model hubs have. For tests; never bundled. */
import type { ElementType } from "../../onnx";
import { uniformAt } from "../sampling";
import { type ExternalFile, OnnxWriter } from "./onnx-writer";

/** The shape of a random model. It uses the tokenizer of the guide model, and its vocabulary unless that is given. */
export interface RandomModelOptions {
  readonly seed: number;
  /** `grouped`: `GroupQueryAttention`; `primitive`: matrix products, with caches grown by `Concat`. */
  readonly attention: "grouped" | "primitive";
  /** Whether positions are an input; otherwise the graph computes them. */
  readonly positionIds: boolean;
  /** Type of the caches; computing is always in 32 bits. */
  readonly cacheType?: "float32" | "float16";
  /** Head size of each layer; there are as many layers as sizes. */
  readonly headDims?: readonly number[];
  readonly externalFiles?: readonly string[];
  /** Adds the input `num_logits_to_keep`, the number of last tokens whose logits are returned. */
  readonly logitsToKeep?: boolean;
  /** Adds an operator that reads a cache beside attention, so that it may not be bound in place. */
  readonly cacheReader?: boolean;
  /** Adds an input that no engine knows. */
  readonly strangeInput?: string;
  /** The number of tokens. */
  readonly vocabulary?: number;
}

const HIDDEN = 64;
const QUERY_HEADS = 4;
const KEY_HEADS = 2;
const FEED_FORWARD = 96;
const VOCABULARY = 2048;
const MAX_TOKENS = 512;

/** `config.json` of a random model. */
export const RANDOM_MODEL_CONFIG = {
  model_type: "llama",
  max_position_embeddings: MAX_TOKENS,
  num_attention_heads: QUERY_HEADS,
  num_key_value_heads: KEY_HEADS,
  hidden_size: HIDDEN,
  eos_token_id: [2, 0],
  untrained: true,
};

/** Writes the graph and its weights. The same options give the same bytes. */
export function randomModel(options: RandomModelOptions): { model: Uint8Array; external: readonly ExternalFile[] } {
  const writer = new OnnxWriter(options.externalFiles);
  const random = normals(options.seed);
  const weight = (...dims: number[]): string => writer.weight(dims, random(dims, 1 / Math.sqrt(dims[0] ?? 1)));
  const { headDims = [16, 16], vocabulary = VOCABULARY } = options;
  const cacheType = options.cacheType ?? "float32";

  const ids = writer.input({ name: "input_ids", type: "int64", shape: ["batch", "sequence"] });
  const mask = writer.input({ name: "attention_mask", type: "int64", shape: ["batch", "total"] });
  if (options.positionIds) writer.input({ name: "position_ids", type: "int64", shape: ["batch", "sequence"] });
  if (options.logitsToKeep) writer.input({ name: "num_logits_to_keep", type: "int64", shape: [] });
  if (options.strangeInput) writer.input({ name: options.strangeInput, type: "int64", shape: ["batch"] });
  for (const [layer, headDim] of headDims.entries()) {
    for (const kind of ["key", "value"]) {
      const type: ElementType = cacheType;
      writer.input({ name: `past_key_values.${layer}.${kind}`, type, shape: ["batch", KEY_HEADS, "past", headDim] });
      writer.output({ name: `present.${layer}.${kind}`, type, shape: ["batch", KEY_HEADS, "total", headDim] });
    }
  }
  const graph = { writer, options, mask, cacheType, positions: positions(writer, options, ids) };
  const rotate = options.attention === "grouped" && !options.positionIds;
  const tables = new Map<number, readonly [string, string]>();

  let x = writer.node("Gather", [writer.weight([vocabulary, HIDDEN], random([vocabulary, HIDDEN], 1)), ids], {
    attributes: { axis: 0 },
  });
  if (!rotate) {
    const table = writer.weight([MAX_TOKENS, HIDDEN], random([MAX_TOKENS, HIDDEN], 0.5));
    x = writer.node("Add", [x, writer.node("Gather", [table, graph.positions], { attributes: { axis: 0 } })]);
  }
  for (const [layer, headDim] of headDims.entries()) {
    if (rotate && !tables.has(headDim)) tables.set(headDim, rotaryTables(writer, headDim));
    const normed = norm(writer, x);
    const q = writer.node("MatMul", [normed, weight(HIDDEN, QUERY_HEADS * headDim)]);
    const k = writer.node("MatMul", [normed, weight(HIDDEN, KEY_HEADS * headDim)]);
    const v = writer.node("MatMul", [normed, weight(HIDDEN, KEY_HEADS * headDim)]);
    const attended =
      options.attention === "grouped"
        ? groupedAttention(graph, layer, headDim, [q, k, v], tables.get(headDim))
        : primitiveAttention(graph, layer, headDim, [q, k, v]);
    x = writer.node("Add", [x, writer.node("MatMul", [attended, weight(QUERY_HEADS * headDim, HIDDEN)])]);
    const up = writer.node("Relu", [writer.node("MatMul", [norm(writer, x), weight(HIDDEN, FEED_FORWARD)])]);
    x = writer.node("Add", [x, writer.node("MatMul", [up, weight(FEED_FORWARD, HIDDEN)])]);
  }
  if (options.logitsToKeep) {
    const start = writer.node("Neg", [writer.node("Unsqueeze", ["num_logits_to_keep", writer.integers([0])])]);
    x = writer.node("Slice", [x, start, writer.integers([MAX_TOKENS]), writer.integers([1])]);
  }
  if (options.cacheReader) writer.node("Shape", ["past_key_values.0.key"]);
  const head = writer.weight([HIDDEN, vocabulary], random([HIDDEN, vocabulary], 0.5));
  writer.node("MatMul", [norm(writer, x), head], { outputs: ["logits"] });
  writer.output({ name: "logits", type: "float32", shape: ["batch", "kept", vocabulary] });
  return writer.build();
}

interface Graph {
  readonly writer: OnnxWriter;
  readonly options: RandomModelOptions;
  readonly mask: string;
  readonly cacheType: "float32" | "float16";
  /** Positions of the tokens that are fed, `[batch or 1, sequence]`. */
  readonly positions: string;
}

type QueryKeyValue = readonly [q: string, k: string, v: string];

function groupedAttention(
  graph: Graph,
  layer: number,
  headDim: number,
  qkv: QueryKeyValue,
  tables: readonly [string, string] | undefined,
): string {
  const { writer, mask, cacheType } = graph;
  const sum = writer.node("ReduceSum", [mask, writer.integers([1])], { attributes: { keepdims: 0 } });
  const last = writer.node("Cast", [writer.node("Sub", [sum, writer.integers([1])])], { attributes: { to: 6 } });
  const total = writer.node("Gather", [writer.node("Shape", [mask]), writer.integers([1], { scalar: true })], {
    attributes: { axis: 0 },
  });
  const inputs = [
    ...qkv.map((value) => cast(writer, value, cacheType)),
    `past_key_values.${layer}.key`,
    `past_key_values.${layer}.value`,
    last,
    writer.node("Cast", [total], { attributes: { to: 6 } }),
    ...(tables?.map((table) => cast(writer, table, cacheType)) ?? []),
  ];
  const out = writer.node("GroupQueryAttention", inputs, {
    domain: "com.microsoft",
    outputs: [`attention.${layer}`, `present.${layer}.key`, `present.${layer}.value`],
    attributes: {
      num_heads: QUERY_HEADS,
      kv_num_heads: KEY_HEADS,
      do_rotary: tables ? 1 : 0,
      scale: { float: 1 / Math.sqrt(headDim) },
    },
  });
  return cast(writer, out, "float32");
}

function primitiveAttention(graph: Graph, layer: number, headDim: number, [q, k, v]: QueryKeyValue): string {
  const { writer, cacheType } = graph;
  const split = (value: string, heads: number): string => {
    const shaped = writer.node("Reshape", [value, writer.integers([0, 0, heads, headDim])]);
    return writer.node("Transpose", [shaped], { attributes: { perm: [0, 2, 1, 3] } });
  };
  const grown = (value: string, kind: string): string => {
    const now = cast(writer, split(value, KEY_HEADS), cacheType);
    const present = writer.node("Concat", [`past_key_values.${layer}.${kind}`, now], {
      outputs: [`present.${layer}.${kind}`],
      attributes: { axis: 2 },
    });
    // Each key head serves two query heads: repeat it by way of a new axis.
    const wide = writer.node("Unsqueeze", [cast(writer, present, "float32"), writer.integers([2])]);
    const doubled = writer.node("Concat", [wide, wide], { attributes: { axis: 2 } });
    return writer.node("Reshape", [doubled, writer.integers([0, QUERY_HEADS, -1, headDim])]);
  };
  const keys = grown(k, "key");
  const values = grown(v, "value");
  const products = writer.node("MatMul", [
    split(q, QUERY_HEADS),
    writer.node("Transpose", [keys], { attributes: { perm: [0, 1, 3, 2] } }),
  ]);
  const scores = writer.node("Mul", [products, writer.weight([1], Float32Array.of(1 / Math.sqrt(headDim)))]);
  // A token sees those at its own position and before.
  const total = writer.node("Gather", [writer.node("Shape", [keys]), writer.integers([2], { scalar: true })], {
    attributes: { axis: 0 },
  });
  const zero = writer.integers([0], { scalar: true });
  const range = writer.node("Range", [zero, total, writer.integers([1], { scalar: true })]);
  const future = writer.node("Greater", [range, writer.node("Unsqueeze", [graph.positions, writer.integers([-1])])]);
  const masked = writer.node("Where", [
    future,
    writer.weight([1], Float32Array.of(-1e9)),
    writer.weight([1], Float32Array.of(0)),
  ]);
  const weights = writer.node("Softmax", [writer.node("Add", [scores, masked])], { attributes: { axis: -1 } });
  const mixed = writer.node("Transpose", [writer.node("MatMul", [weights, values])], {
    attributes: { perm: [0, 2, 1, 3] },
  });
  return writer.node("Reshape", [mixed, writer.integers([0, 0, QUERY_HEADS * headDim])]);
}

function positions(writer: OnnxWriter, options: RandomModelOptions, ids: string): string {
  if (options.positionIds) return "position_ids";
  const length = (value: string, axis: number): string =>
    writer.node("Gather", [writer.node("Shape", [value]), writer.integers([axis], { scalar: true })], {
      attributes: { axis: 0 },
    });
  if (options.attention === "grouped") return "";
  const past = length("past_key_values.0.key", 2);
  const end = writer.node("Add", [past, length(ids, 1)]);
  const range = writer.node("Range", [past, end, writer.integers([1], { scalar: true })]);
  return writer.node("Unsqueeze", [range, writer.integers([0])]);
}

function norm(writer: OnnxWriter, x: string): string {
  const ones = writer.weight([HIDDEN], new Float32Array(HIDDEN).fill(1));
  return writer.node("SimplifiedLayerNormalization", [x, ones], {
    attributes: { axis: -1, epsilon: { float: 1e-5 }, stash_type: 1 },
  });
}

function cast(writer: OnnxWriter, value: string, type: "float32" | "float16"): string {
  return type === "float32" && !value.startsWith("present") && !value.startsWith("attention")
    ? value
    : writer.node("Cast", [value], { attributes: { to: type === "float32" ? 1 : 10 } });
}

function rotaryTables(writer: OnnxWriter, headDim: number): readonly [string, string] {
  const half = headDim / 2;
  const table = (fn: (angle: number) => number): string => {
    const values = Float32Array.from({ length: MAX_TOKENS * half }, (_, index) => {
      const position = Math.floor(index / half);
      return fn(position / 10000 ** ((index % half) / half));
    });
    return writer.weight([MAX_TOKENS, half], values);
  };
  return [table(Math.cos), table(Math.sin)];
}

/** Normally distributed numbers by Box and Muller, the same for the same seed. */
export function normals(seed: number): (dims: readonly number[], scale: number) => Float32Array {
  let at = 0;
  return (dims, scale) => {
    const values = new Float32Array(dims.reduce((product, dim) => product * dim, 1));
    for (let index = 0; index < values.length; index++) {
      const radius = Math.sqrt(-2 * Math.log(1 - uniformAt(seed, at++)));
      values[index] = radius * Math.cos(2 * Math.PI * uniformAt(seed, at++)) * scale;
    }
    return values;
  };
}
