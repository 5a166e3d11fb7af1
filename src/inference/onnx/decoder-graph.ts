/** Checks and completes a graph before any of its weights are there. */
import { readGraph, withInputShapes } from "../../onnx";
import { type GpuAbilities, largestWeight, requireFitness } from "./gpu-fitness";
import { embeddingOutput } from "./embedding-output";
import { type CacheShape, EMBEDS, readGraphSpec } from "./graph-spec";
import { readModelConfig } from "./model-config";
import { readStateName } from "./state-names";

/** Facts about a model that its graph alone tells. */
export interface GraphFacts {
  /** Bytes of the largest weight, which has to fit in one buffer of a GPU. */
  readonly largestWeightBytes: number;
  /** True if it makes embeddings. */
  readonly embeds?: boolean;
}

/** Throws `unsupported-model` if the engine cannot run a graph: it names the input, state or output that is in the way. */
export function checkGraph(graphBytes: Uint8Array, texts: ConfigTexts): GraphFacts {
  const graph = readGraph(graphBytes);
  const embeds = embeddingOutput(graph) !== undefined;
  readGraphSpec(graph, shapeOf(texts), embeds ? EMBEDS : undefined);
  return { largestWeightBytes: largestWeight(graph), ...(embeds && { embeds }) };
}

/** Throws like `requireFitness`. */
export function checkFitness(graphBytes: Uint8Array, gpu: GpuAbilities): void {
  requireFitness(readGraph(graphBytes), gpu);
}

/** Texts of the files that state the sizes of caches; undefined for those that a model does not have. */
export type ConfigTexts = Omit<Parameters<typeof readModelConfig>[0], "generation">;

function shapeOf(texts: ConfigTexts): CacheShape {
  return readModelConfig({ ...texts, generation: undefined });
}

/**
 * The graph with the sizes of its caches, where it leaves them to the configuration: it can then be split without that.
 * `texts` is called only if something is missing. Sizes that stay unknown stay open.
 */
export async function withCacheSizes(
  graphBytes: Uint8Array<ArrayBuffer>,
  texts: () => Promise<ConfigTexts>,
): Promise<Uint8Array<ArrayBuffer>> {
  const caches = readGraph(graphBytes).inputs.flatMap(
    ({ name, shape: [batch, heads, tokens, headDim, ...more] = [] }) => {
      const isOpen = typeof heads !== "number" || typeof headDim !== "number";
      if (!readStateName(name)?.grows || more.length > 0 || headDim === undefined || !isOpen) return [];
      return [{ name, batch, heads, tokens, headDim }];
    },
  );
  if (caches.length === 0) return graphBytes;
  const known = shapeOf(await texts());
  const sized = caches.map(({ name, batch = "batch_size", heads, tokens = "past_sequence_length", headDim }) => {
    const headCount = typeof heads === "number" ? heads : (known.heads ?? heads ?? "num_heads");
    return [
      name,
      [batch, headCount, tokens, typeof headDim === "number" ? headDim : (known.headDim ?? headDim)],
    ] as const;
  });
  return withInputShapes(graphBytes, new Map(sized));
}
