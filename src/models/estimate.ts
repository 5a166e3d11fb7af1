/** Approximate sizes of models whose host has not been asked yet, from how many parameters they have. */
import type { Backend, DeviceInfo } from "../inference";
import { graphSuffixes, LARGEST_WASM_BYTES } from "./onnx-files";

/** What is known of a model's weights without its files. */
export interface ParameterCounts {
  /** All parameters, as the model's name rounds them. */
  readonly total: number;
  /** Those of the token embedding: vocabulary × width. */
  readonly embedding: number;
}

/**
 * Bytes per parameter of a graph, by its suffix. 4-bit graphs hold blocks of 32 weights with one scale, 16 bytes and
 * 2 or 4 more, and keep the token embedding in the arithmetic's own precision; 8-bit graphs quantize everything.
 */
const RULES: Readonly<Record<string, { readonly matrix: number; readonly embedding: number }>> = {
  _q4f16: { matrix: 18 / 32, embedding: 2 },
  _q4: { matrix: 20 / 32, embedding: 4 },
  _quantized: { matrix: 1, embedding: 1 },
};

/**
 * Bytes of the weights of the graph that this device would take, where the repository has the usual ones. An estimate:
 * the name's number of parameters is rounded, and tokenizer and graph structure are left out, so it
 * may be a quarter off.
 */
export function estimateWeightBytes(counts: ParameterCounts, backend: Backend, device: DeviceInfo): number {
  const sizes = graphSuffixes(backend, device).flatMap((suffix) => {
    const rule = RULES[suffix];
    return rule ? counts.embedding * rule.embedding + (counts.total - counts.embedding) * rule.matrix : [];
  });
  const fitting = sizes.find((bytes) => backend !== "wasm" || bytes <= LARGEST_WASM_BYTES);
  return Math.round(fitting ?? sizes[0] ?? counts.total);
}

/** Bytes per parameter of WebLLM models, which quantize the token embedding like everything else. */
const MLC_RULES: Readonly<Record<string, number>> = {
  q0f32: 4,
  q0f16: 2,
  // One scale of 16 or 32 bits for 32 weights of 4 bits, or for 40 of 3 bits that fill 128 bits.
  q4f32: 20 / 32,
  q4f16: 18 / 32,
  q3f16: 18 / 40,
};

/** Bytes of the weights of a WebLLM model, from its name; undefined where that states no number of parameters. */
export function estimateMlcBytes(id: string): number | undefined {
  const [, number, unit] = /(\d+(?:[._]\d+)?)([bm])-/i.exec(id) ?? [];
  const bytes = MLC_RULES[/q\df\d+/.exec(id)?.[0] ?? ""];
  if (number === undefined || bytes === undefined) return undefined;
  return Math.round(Number(number.replace("_", ".")) * (unit?.toLowerCase() === "m" ? 1e6 : 1e9) * bytes);
}
