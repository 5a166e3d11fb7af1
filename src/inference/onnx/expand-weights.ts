/**
 * Expands 4 and 8-bit weights to 32 bits once, while a model is loaded for the CPU.
 *
 * ONNX Runtime Web 1.30 has no kernel on WASM that multiplies one row with `MatMulNBits` weights as they are: it expands
 * all of them anew for each token, which takes ten times as long as the product itself.
 */
import { MicrogridError } from "../../core";
import { EXPANDED_PATH, expandGraph } from "./expand-graph";
import { type ExternalRange, type OnnxGraph, readOnnxGraph } from "../../onnx";
import type { Initializer } from "./quantized-matmul";
import { dequantize, quantizedSizes } from "./quantized-matrix";

/**
 * Largest size of all expanded weights, bytes. While a model loads they are there up to three times (here, as ONNX
 * Runtime's constant, repacked for its kernel), so this stays below 1 GiB, which the tab of a phone can have; and parts of
 * external data are at most this large anyway.
 *
 * The same on every device, on purpose: 32-bit weights give slightly different numbers, and an answer that another device
 * goes on with (`resume`) is only identical if both compute alike. So what is expanded follows from the package alone.
 */
export const MAX_EXPANDED_BYTES = 256 * 2 ** 20;

/** A graph and the files with its weights, by the path that it names them with. */
export interface GraphWithWeights {
  readonly graphBytes: Uint8Array;
  readonly external: readonly { readonly path: string; readonly data: Blob | Uint8Array }[];
}

/**
 * Turns every `MatMulNBits` that is fully understood into a `MatMul` with 32-bit weights, which it hands over as external
 * data. Gives the very same object back where there is none, where the weights would exceed `maxBytes` (tests lower it),
 * and for graphs with graphs inside. Throws `file-corrupt` where the graph is damaged or weights are shorter than it says.
 */
export async function expandWeights(
  files: GraphWithWeights & { readonly graph: OnnxGraph },
  options: { signal: AbortSignal; maxBytes?: number },
): Promise<GraphWithWeights> {
  const plan = expansionOf(files, options.maxBytes ?? MAX_EXPANDED_BYTES);
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

/** Whether `expandWeights` expands the weights of a graph on the CPU: the same for all parts of a model. */
export function expandsWeights(graphBytes: Uint8Array): boolean {
  return expansionOf({ graphBytes, graph: readOnnxGraph(graphBytes) }, MAX_EXPANDED_BYTES) !== undefined;
}

/** What is expanded of a graph; undefined where nothing is. */
function expansionOf(
  { graphBytes, graph }: { readonly graphBytes: Uint8Array; readonly graph: OnnxGraph },
  maxBytes: number,
): ReturnType<typeof expandGraph> {
  if (graph.hasSubgraphs || !graph.nodes.some(({ op }) => op === "MatMulNBits")) return undefined;
  return expandGraph(graphBytes, maxBytes);
}

/** Constants' contents. Files are read whole and once, as ONNX Runtime reads them, and may be handed on to it. */
class WeightSources {
  readonly #files: ReadonlyMap<string, Blob | Uint8Array>;
  readonly #loaded = new Map<string, Uint8Array>();
  readonly #signal: AbortSignal;

  constructor(files: GraphWithWeights["external"], signal: AbortSignal) {
    this.#files = new Map(files.map(({ path, data }) => [path, data]));
    this.#signal = signal;
  }

  /** A file that was needed so far. */
  loaded(path: string): Uint8Array | undefined {
    return this.#loaded.get(path);
  }

  /** A view of exactly `length` bytes. */
  async read({ inline, external }: Initializer, length: number): Promise<Uint8Array> {
    const bytes = inline ?? (external && range(await this.#file(external.location), external));
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

function range(file: Uint8Array | undefined, { offset, length }: ExternalRange): Uint8Array | undefined {
  return file?.subarray(offset, length === undefined ? undefined : offset + length);
}
