/** How many tokens of context fit beside a model's weights into WebAssembly. */
import { LARGEST_WASM_BYTES, MicrogridError, formatBytes } from "../../core";
import type { GgufFacts } from "../../gguf";

/** Most memory for keys and values: a longer context would take longer to read than anybody waits on a CPU. */
const MAX_CACHE_BYTES = 2 ** 30;
/** A context below this is of no use. */
const LEAST_CONTEXT = 512;
/** Keys and values are kept as 16-bit floats. */
const BYTES_PER_VALUE = 2;

/**
 * The context to load a model with: its own, or as much of it as there is memory for. Throws `out-of-memory` if the weights
 * alone are too large.
 */
export function contextFor(facts: GgufFacts, fileBytes: number): number {
  const trained = facts.contextLength ?? LEAST_CONTEXT;
  const free = Math.min(MAX_CACHE_BYTES, LARGEST_WASM_BYTES - fileBytes);
  const fitting = Math.floor(free / cacheBytesPerToken(facts));
  if (fitting >= Math.min(LEAST_CONTEXT, trained)) return Math.min(trained, fitting);
  throw new MicrogridError(
    "out-of-memory",
    `The model's file has ${formatBytes(fileBytes)}, and WebAssembly holds ${formatBytes(LARGEST_WASM_BYTES)} with everything else. Choose a smaller model or a stronger quantization.`,
  );
}

/** Bytes of the keys and values of one token in all layers; that of a guess if the file does not say. */
export function cacheBytesPerToken({ architecture, layers = 32, metadata }: GgufFacts): number {
  const number = (key: string): number | undefined => {
    const found = metadata.get(`${architecture}.${key}`);
    return typeof found === "number" && found > 0 ? found : undefined;
  };
  const heads = number("attention.head_count") ?? 32;
  const width = (number("embedding_length") ?? 4096) / heads;
  const sizes = (number("attention.key_length") ?? width) + (number("attention.value_length") ?? width);
  const keyed = metadata.get(`${architecture}.attention.head_count_kv`);
  // One number for each layer where they differ; none for layers that keep no keys.
  const headsOfAll = Array.isArray(keyed)
    ? keyed.reduce((sum: number, each) => sum + (typeof each === "number" ? each : 0), 0)
    : layers * (typeof keyed === "number" && keyed > 0 ? keyed : heads);
  return Math.max(1, BYTES_PER_VALUE * headsOfAll * sizes);
}
