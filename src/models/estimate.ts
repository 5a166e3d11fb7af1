/** Estimates sizes of models from their number of parameters, until their host has been asked. */
import { LARGEST_WASM_BYTES } from "../core";
import type { Backend, DeviceInfo } from "../inference";
import { graphSuffixes } from "./variants";

/** Facts about a model's weights that are known without its files. */
export interface ParameterCounts {
  /** All parameters, rounded as in the model's name. */
  readonly total: number;
  /** Parameters of the token embedding: vocabulary × width. */
  readonly embedding: number;
}

/**
 * Bytes per parameter of a graph, by its suffix. A 4-bit graph stores blocks of 32 weights in 16 bytes and one scale of
 * 2 or 4 bytes, and keeps the token embedding in the precision of the arithmetic; 8-bit graphs quantize everything.
 */
const RULES: Readonly<Record<string, { readonly matrix: number; readonly embedding: number }>> = {
  _q4f16: { matrix: 18 / 32, embedding: 2 },
  _q4: { matrix: 20 / 32, embedding: 4 },
  _quantized: { matrix: 1, embedding: 1 },
};

/**
 * Estimated bytes of the weights that this device would load from a typical repository. The number of parameters in the
 * name is rounded, and the tokenizer and graph structure are left out, so the result may be off by a quarter.
 */
export function estimateWeightBytes(counts: ParameterCounts, backend: Backend, device: DeviceInfo): number {
  const sizes = graphSuffixes(backend, device).flatMap((suffix) => {
    const rule = RULES[suffix];
    return rule ? counts.embedding * rule.embedding + (counts.total - counts.embedding) * rule.matrix : [];
  });
  const fitting = sizes.find((bytes) => backend !== "wasm" || bytes <= LARGEST_WASM_BYTES);
  return Math.round(fitting ?? sizes[0] ?? counts.total);
}

/** Bytes per parameter of `Q4_K_M`: 4.5 to 6.6 bits, and more for embeddings. */
const GGUF_BYTES = 0.66;

/** Estimated bytes of the GGUF file that is taken first. */
export function estimateGgufBytes({ total }: ParameterCounts): number {
  return Math.round(total * GGUF_BYTES);
}

/** Bytes per parameter of WebLLM models, which quantize the token embedding as well. */
const MLC_RULES: Readonly<Record<string, number>> = {
  q0f32: 4,
  q0f16: 2,
  // One scale of 16 or 32 bits per 32 weights of 4 bits, or per 40 weights of 3 bits (which fill 128 bits).
  q4f32: 20 / 32,
  q4f16: 18 / 32,
  q3f16: 18 / 40,
};

/**
 * Estimated bytes of the weights of a WebLLM model, from its name; undefined if the name has no number of parameters.
 */
export function estimateMlcBytes(id: string): number | undefined {
  const [, number, unit] = /(\d+(?:[._]\d+)?)([bm])-/i.exec(id) ?? [];
  const bytes = MLC_RULES[/q\df\d+/.exec(id)?.[0] ?? ""];
  if (number === undefined || bytes === undefined) return undefined;
  return Math.round(Number(number.replace("_", ".")) * (unit?.toLowerCase() === "m" ? 1e6 : 1e9) * bytes);
}
