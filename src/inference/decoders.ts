/** Checks and completes the graphs of decoders. The code is loaded when it is first needed. */
import type { ConfigTexts, GraphFacts } from "./onnx/decoder-graph";
import type { GpuAbilities } from "./onnx/gpu-fitness";

/** The rules of the `onnx` engine about the graphs that it runs, for use before a model's weights are there. */
export const decoders = {
  /** Rejects with `unsupported-model` if the engine cannot run a graph: it names the input, state or output in the way. */
  check: async (graphBytes: Uint8Array, texts: ConfigTexts): Promise<GraphFacts> => {
    const { checkGraph } = await import("./onnx/decoder-graph");
    return checkGraph(graphBytes, texts);
  },
  /** Rejects with `shader-f16-missing` or `gpu-unfit` if a GPU cannot run a graph, or is known to compute it wrongly. */
  requireFitness: async (graphBytes: Uint8Array, gpu: GpuAbilities): Promise<void> => {
    const { checkFitness } = await import("./onnx/decoder-graph");
    checkFitness(graphBytes, gpu);
  },
  /**
   * The graph with the sizes of its caches, where it leaves them to the configuration: it can then be split without that.
   * `texts` is called only if something is missing. Sizes that stay unknown stay open.
   */
  complete: async (
    graphBytes: Uint8Array<ArrayBuffer>,
    texts: () => Promise<ConfigTexts>,
  ): Promise<Uint8Array<ArrayBuffer>> => {
    const { withCacheSizes } = await import("./onnx/decoder-graph");
    return withCacheSizes(graphBytes, texts);
  },
};
