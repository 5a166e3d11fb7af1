/** The models whose shapes are measured, what a token costs in them, and whether a GPU can hold them. */
import { formatBytes } from "../../src/core";
import type { DecoderSizes } from "../../scripts/real-models/decoder-wiring";

/** The shape of a model, without any of its weights. */
export interface Shape extends DecoderSizes {
  readonly name: string;
  /** `model_type` of its `config.json`. */
  readonly type: "qwen3" | "llama" | "gemma3_text";
  /** Queries and keys are normed in each head. */
  readonly headNorms: boolean;
  /** Layers that see a window only; without it, all layers see all tokens. */
  readonly windows?: {
    readonly tokens: number;
    readonly ropeBase: number;
    /** Every how manieth layer sees all tokens. */ readonly wholeEvery: number;
  };
  /** Further norms after attention and feed-forward layers, and scaled embeddings, as Gemma has them. */
  readonly sandwich: boolean;
}

/** Tokens that the tables of rotations reach to: more than a run needs, and fewer than the models can. */
const CONTEXT = 4096;
/** Numbers that share a scale. */
export const BLOCK = 32;
const CODE_BYTES = 0.5;

export const SHAPES: readonly Shape[] = [
  {
    ...{ name: "Qwen3-0.6B", type: "qwen3", layers: 28, hidden: 1024, feedForward: 3072, vocabulary: 151_936 },
    ...{ heads: 16, keyHeads: 8, headDim: 128, headNorms: true, sandwich: false },
    ...{ context: CONTEXT, ropeBase: 1_000_000, epsilon: 1e-6 },
  },
  {
    ...{ name: "Llama-3.2-1B", type: "llama", layers: 16, hidden: 2048, feedForward: 8192, vocabulary: 128_256 },
    ...{ heads: 32, keyHeads: 8, headDim: 64, headNorms: false, sandwich: false },
    ...{ context: CONTEXT, ropeBase: 500_000, epsilon: 1e-5 },
  },
  {
    ...{ name: "Gemma-3-1B", type: "gemma3_text", layers: 26, hidden: 1152, feedForward: 6912, vocabulary: 262_144 },
    ...{ heads: 4, keyHeads: 1, headDim: 256, headNorms: true, sandwich: true },
    ...{ context: CONTEXT, ropeBase: 1_000_000, epsilon: 1e-6 },
    windows: { tokens: 512, ropeBase: 10_000, wholeEvery: 6 },
  },
];

/** The same architecture with sizes that a processor can compute. */
export function scaledDown(shape: Shape): Shape {
  return {
    ...shape,
    name: `${shape.name}, scaled down`,
    ...{ layers: 2, hidden: 128, feedForward: 256, heads: 4, keyHeads: Math.min(2, shape.keyHeads), headDim: 32 },
    ...{ vocabulary: 3072, context: 512 },
    ...(shape.windows && { windows: { ...shape.windows, tokens: 16, wholeEvery: 2 } }),
  };
}

/** How an architecture is scaled down, for people. */
export function sizesText({ layers, hidden, feedForward, vocabulary }: Shape): string {
  return `${layers} layers, ${hidden} wide, feed-forward ${feedForward}, ${vocabulary} tokens`;
}

/** Matrices of codes with their rows and columns, by the paths of their operators in a layer. */
export function layerMatrices(shape: Shape): Readonly<Record<string, readonly [rows: number, columns: number]>> {
  const { hidden, feedForward, heads, keyHeads, headDim, headNorms } = shape;
  const [queries, keys] = [heads * headDim, keyHeads * headDim];
  return {
    // Where heads are normed, the builder keeps the three apart.
    ...(headNorms
      ? { "attn/q_proj": [queries, hidden], "attn/k_proj": [keys, hidden], "attn/v_proj": [keys, hidden] }
      : { "attn/qkv_proj": [queries + 2 * keys, hidden] }),
    "attn/o_proj": [hidden, queries],
    "mlp/gate_proj": [feedForward, hidden],
    "mlp/up_proj": [feedForward, hidden],
    "mlp/down_proj": [hidden, feedForward],
  };
}

/** Bytes of a number outside of codes. */
const floatBytes = (half: boolean): number => (half ? 2 : 4);

/** Bytes of a matrix of codes with its scales. */
function matrixBytes(rows: number, columns: number, half: boolean): number {
  return rows * columns * CODE_BYTES + ((rows * columns) / BLOCK) * floatBytes(half);
}

/** Bytes of weights that a token needs at least: each matrix once, and a row of the embedding. */
export function bytesPerToken(shape: Shape, half: boolean): number {
  const { layers, hidden, headDim, headNorms, sandwich, vocabulary } = shape;
  const matrices = Object.values(layerMatrices(shape)).reduce(
    (sum, [rows, columns]) => sum + matrixBytes(rows, columns, half),
    0,
  );
  const norms = hidden * (sandwich ? 4 : 2) + (headNorms ? 2 * headDim : 0);
  const layer = matrices + norms * floatBytes(half);
  return layers * layer + matrixBytes(vocabulary, hidden, half) + 2 * hidden * floatBytes(half);
}

/** Bytes of the largest weight: the embedding, which is no matrix of codes. */
export function largestWeightBytes({ vocabulary, hidden }: Shape, half: boolean): number {
  return vocabulary * hidden * floatBytes(half);
}

/** Tokens per second that memory allows: no token can be computed without reading every weight once. */
export function ceilingRate(bytesPerSecond: number, weightBytes: number): number {
  return bytesPerSecond / weightBytes;
}

/** The limits of a GPU that decide whether it can hold a shape. */
export interface BufferLimits {
  readonly maxBufferSize: number;
  readonly maxStorageBufferBindingSize: number;
}

/** Why a GPU cannot hold a shape; undefined if it can. */
export function misfit(shape: Shape, half: boolean, limits: BufferLimits): string | undefined {
  const needed = largestWeightBytes(shape, half);
  for (const name of ["maxBufferSize", "maxStorageBufferBindingSize"] as const) {
    if (needed <= limits[name]) continue;
    return `${shape.name} is refused: its embedding has ${formatBytes(needed)} in one buffer, and the adapter's ${name} is ${formatBytes(limits[name])}.`;
  }
  return undefined;
}
