/**
 * Expands 4 and 8-bit weights to 32 bits once, while a model is loaded for the CPU.
 *
 * ONNX Runtime Web 1.30 has no WASM kernel that multiplies one row with `MatMulNBits` weights directly: it expands all of
 * them again for each token, which takes ten times as long as the product itself.
 */
import { MicrogridError } from "../../core";
import { EXPANDED_PATH, expandGraph } from "./expand-graph";
import { foldedMatrices } from "./folded-matrices";
import type { Graph, Tensor } from "../../onnx";
import { dequantize, quantizedSizes } from "./quantized-matrix";

/**
 * Largest size of all expanded weights, bytes. While a model loads, memory holds them up to three times (here, as ONNX
 * Runtime's constant, and repacked for its kernel), so this stays below 1 GiB, which a tab on a phone can have. Files of
 * external data are at most this large anyway.
 *
 * The limit is the same on every device: 32-bit weights give slightly different numbers, and an answer that another device
 * continues (`resume`) is only identical if both compute alike. So only the package decides which weights are expanded.
 */
const MAX_EXPANDED_BYTES = 256 * 2 ** 20;

/** A graph and the files with its weights, by the path that it gives them. */
export interface GraphWithWeights {
  readonly graphBytes: Uint8Array;
  readonly external: readonly { readonly path: string; readonly data: Blob | Uint8Array }[];
}

/**
 * Turns every `MatMulNBits` that is fully understood into a `MatMul` with 32-bit weights, which become external data.
 * Returns `files` unchanged if there are none, if the weights would exceed `maxBytes` (tests lower it), or if the graph has
 * graphs inside. Throws `file-corrupt` if weights are shorter than the graph says.
 */
export async function expandWeights(
  files: GraphWithWeights & { readonly graph: Graph },
  options: { signal: AbortSignal; maxBytes?: number },
): Promise<GraphWithWeights> {
  const plan = expansionOf(files.graph, options.maxBytes ?? MAX_EXPANDED_BYTES);
  if (!plan) return files;
  const read = (tensor: Tensor, length: number): Promise<Uint8Array> =>
    contentOf(tensor, length, { files: files.external, signal: options.signal });
  const expanded = new Uint8Array(plan.totalBytes);
  for (const { weight, offset } of plan.expansions) {
    const sizes = quantizedSizes(weight.layout);
    const scales = await read(weight.scales, sizes.scales * Float32Array.BYTES_PER_ELEMENT);
    const data = {
      codes: await read(weight.codes, sizes.codes),
      scales: new Float32Array(scales.slice().buffer), // A copy, since floats must begin at a multiple of four.
      zeroPoints: weight.zeroPoints && (await read(weight.zeroPoints, sizes.zeroPoints)),
    };
    const floats = new Float32Array(expanded.buffer, offset, sizes.expandedBytes / Float32Array.BYTES_PER_ELEMENT);
    dequantize(weight.layout, data, floats);
  }
  const kept = files.external.filter(({ path }) => plan.locations.has(path));
  return {
    graphBytes: plan.graphBytes,
    external: [...kept, { path: EXPANDED_PATH, data: expanded }],
  };
}

/** Whether ONNX Runtime shall fold the matrices of bytes in a graph, which has to be so in all parts of a model or in none. */
export function foldsMatrices(graph: Graph): boolean {
  return foldedMatrices(graph, MAX_EXPANDED_BYTES) !== undefined;
}

/**
 * The bytes by which memory grows where the weights of a graph are expanded or folded on the CPU: for each constant with quantized
 * weights, by its name. Undefined if nothing is. All parts of a model have to agree on this.
 */
export function expandedBytes(graph: Graph): ReadonlyMap<string, number> | undefined {
  const expansions = expansionOf(graph, MAX_EXPANDED_BYTES)?.expansions;
  if (!expansions) return foldedMatrices(graph, MAX_EXPANDED_BYTES);
  const bytes = new Map<string, number>();
  for (const { weight } of expansions) {
    const { codes, expandedBytes } = quantizedSizes(weight.layout);
    const { name } = weight.codes;
    bytes.set(name, (bytes.get(name) ?? 0) + expandedBytes - codes);
  }
  return bytes;
}

/** The graph with expanded weights; undefined if nothing is expanded. */
function expansionOf(graph: Graph, maxBytes: number): ReturnType<typeof expandGraph> {
  if (graph.hasSubgraphs || !graph.nodes.some(({ op }) => op === "MatMulNBits")) return undefined;
  return expandGraph(graph, maxBytes);
}

/** Reads exactly `length` bytes, the content of a constant. */
async function contentOf(
  { raw, external }: Tensor,
  length: number,
  { files, signal }: { readonly files: GraphWithWeights["external"]; readonly signal: AbortSignal },
): Promise<Uint8Array> {
  const file = files.find(({ path }) => path === external?.location)?.data;
  const bytes = raw ?? (external && file && (await rangeOf(file, external, length)));
  signal.throwIfAborted();
  if (bytes?.length === length) return bytes;
  throw new MicrogridError(
    "file-corrupt",
    `The model's weights do not have the size that its graph says (${bytes?.length ?? 0} instead of ${length} bytes). Remove the model and load it again.`,
  );
}

/** Undefined where the range does not lie inside of the file. */
async function rangeOf(
  file: Blob | Uint8Array,
  { offset, length }: NonNullable<Tensor["external"]>,
  wanted: number,
): Promise<Uint8Array | undefined> {
  const size = file instanceof Blob ? file.size : file.length;
  const end = offset + (length ?? wanted);
  if (!Number.isSafeInteger(offset) || offset < 0 || !(end <= size)) return undefined;
  return file instanceof Blob
    ? new Uint8Array(await file.slice(offset, end).arrayBuffer())
    : file.subarray(offset, end);
}
