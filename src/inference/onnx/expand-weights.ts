/**
 * Expands 4 and 8-bit weights to 32 bits once, while a model is loaded for the CPU.
 *
 * ONNX Runtime Web 1.30 has no WASM kernel that multiplies one row with `MatMulNBits` weights directly: it expands all of
 * them again for each token, which takes ten times as long as the product itself.
 */
import { MicrogridError } from "../../core";
import { EXPANDED_PATH, expandGraph } from "./expand-graph";
import { type Graph, readGraph, type Tensor } from "../../onnx";
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
  const sources = new WeightSources(files.external, options.signal);
  const expanded = new Uint8Array(plan.totalBytes);
  for (const { weight, offset } of plan.expansions) {
    const sizes = quantizedSizes(weight.layout);
    const scales = await sources.read(weight.scales, sizes.scales * Float32Array.BYTES_PER_ELEMENT);
    const data = {
      codes: await sources.read(weight.codes, sizes.codes),
      scales: new Float32Array(scales.slice().buffer), // A copy, since floats must begin at a multiple of four.
      zeroPoints: weight.zeroPoints && (await sources.read(weight.zeroPoints, sizes.zeroPoints)),
    };
    const floats = new Float32Array(expanded.buffer, offset, sizes.expandedBytes / Float32Array.BYTES_PER_ELEMENT);
    dequantize(weight.layout, data, floats);
  }
  const kept = files.external.filter(({ path }) => plan.locations.has(path));
  return {
    graphBytes: plan.graphBytes,
    external: [
      ...kept.map(({ path, data }) => ({ path, data: sources.loaded(path) ?? data })),
      { path: EXPANDED_PATH, data: expanded },
    ],
  };
}

/** Whether `expandWeights` expands the weights of a graph on the CPU. All parts of a model have to agree on this. */
export function expandsWeights(graphBytes: Uint8Array): boolean {
  return expansionOf(readGraph(graphBytes), MAX_EXPANDED_BYTES) !== undefined;
}

/** The graph with expanded weights; undefined if nothing is expanded. */
function expansionOf(graph: Graph, maxBytes: number): ReturnType<typeof expandGraph> {
  if (graph.hasSubgraphs || !graph.nodes.some(({ op }) => op === "MatMulNBits")) return undefined;
  return expandGraph(graph, maxBytes);
}

/** Reads the content of constants. Files are read whole and once, as ONNX Runtime reads them, and can be passed on to it. */
class WeightSources {
  readonly #files: ReadonlyMap<string, Blob | Uint8Array>;
  readonly #loaded = new Map<string, Uint8Array>();
  readonly #signal: AbortSignal;

  constructor(files: GraphWithWeights["external"], signal: AbortSignal) {
    this.#files = new Map(files.map(({ path, data }) => [path, data]));
    this.#signal = signal;
  }

  /** A file that has been read. */
  loaded(path: string): Uint8Array | undefined {
    return this.#loaded.get(path);
  }

  /** A view of exactly `length` bytes. */
  async read({ raw, external }: Tensor, length: number): Promise<Uint8Array> {
    const bytes = raw ?? (external && range(await this.#file(external.location), external));
    if (bytes?.length === length) return bytes;
    throw new MicrogridError(
      "file-corrupt",
      `The model's weights do not have the size that its graph says (${bytes?.length ?? 0} instead of ${length} bytes). Remove the model and load it again.`,
    );
  }

  async #file(path: string): Promise<Uint8Array | undefined> {
    const data = this.#loaded.get(path) ?? this.#files.get(path);
    const bytes = data instanceof Blob ? new Uint8Array(await data.arrayBuffer()) : data;
    this.#signal.throwIfAborted();
    if (bytes) this.#loaded.set(path, bytes);
    return bytes;
  }
}

function range(
  file: Uint8Array | undefined,
  { offset, length }: NonNullable<Tensor["external"]>,
): Uint8Array | undefined {
  return file?.subarray(offset, length === undefined ? undefined : offset + length);
}
