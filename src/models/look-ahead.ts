/**
 * Looks at the graph of a model before its weights are downloaded: only the graph knows which files these are, and whether the
 * engine can run it here.
 */
import { fileSource, MicrogridError } from "../core";
import type { Backend, LoadProgress } from "../inference";
import { readSkeleton } from "../onnx";
import type { ModelEntry } from "./entry";
import { withNamedData } from "./external-data";
import { withoutDamaged } from "./failed-load";
import type { OnnxPlan } from "./onnx-files";
import type { PackageParts } from "./package-parts";
import { joined, PartialModel, withListedData } from "./partial-model";
import type { ListedFile } from "./records";
import { withLook } from "./variant-choice";

/** Graph files up to this size are downloaded first. Of larger ones, which may hold weights, the graph alone is read. */
const SMALL_GRAPH_BYTES = 16 * 2 ** 20;
/** Largest graph that is looked at, in bytes, without its weights. */
const MAX_GRAPH_BYTES = 64 * 2 ** 20;
/** Failures that say nothing about the model: the download and the engine do without a look. */
const UNREADABLE: readonly string[] = ["network", "unsupported-model"];

/** The files that are downloaded before the weights: they are small, and show whether the rest is worth it. */
export function firstFiles(plan: OnnxPlan): ListedFile[] {
  const graphs = graphFiles(plan).filter(({ bytes = 0 }) => bytes <= SMALL_GRAPH_BYTES);
  return [...plan.settings.map(({ file }) => file), ...graphs];
}

/**
 * The plan with all files that the graph names. Throws `unsupported-model`, `shader-f16-missing` or `gpu-unfit` if the graph
 * cannot run on the backend, `not-a-model` or `file-corrupt` if it is damaged (the copy in the store is deleted then), and
 * errors of `withNamedData`. The plan stays as it is if the host cannot deliver the graph alone.
 */
export async function lookAhead(
  parts: PackageParts,
  entry: ModelEntry,
  look: {
    readonly plan: OnnxPlan;
    readonly listing: readonly ListedFile[];
    readonly backend: Backend;
    readonly signal: AbortSignal;
    readonly onProgress: (progress: LoadProgress) => void;
  },
): Promise<OnnxPlan> {
  const { plan, listing, backend, signal } = look;
  const source = new PartialModel(parts, entry, plan);
  let graphs;
  try {
    graphs = await source.graphs(MAX_GRAPH_BYTES, look).catch((error: unknown) => {
      if (error instanceof MicrogridError && UNREADABLE.includes(error.code)) return undefined;
      throw error;
    });
    signal.throwIfAborted();
    if (!graphs) return plan;
    const graph = joined(graphs);
    const facts = await parts.decoders.check(graph, await source.configTexts(look));
    const file = plan.files.find(({ path }) => path === plan.graph);
    if (file) await parts.index.remember(entry.id, withLook(parts.index.remembered(entry.id), { file, ...facts }));
    const { webgpu } = parts.device;
    if (backend === "webgpu" && webgpu) await parts.decoders.requireFitness(graph, webgpu);
  } catch (error) {
    throw signal.aborted ? signal.reason : await withoutDamaged(parts, entry, { error, files: firstFiles(plan) });
  }
  return withListedData(parts, entry, { plan, graphs, listing, signal });
}

/** The same for files that the user picked, which are all there. Throws like `withNamedData` and `readSkeleton`. */
export async function withPickedData(
  plan: OnnxPlan,
  files: readonly { readonly path: string; readonly blob: Blob }[],
  { name, signal }: { readonly name: string; readonly signal: AbortSignal },
): Promise<OnnxPlan> {
  const graphs: { path: string; bytes: Uint8Array }[] = [];
  for (const { path, blob } of files) {
    if (graphFiles(plan).every((file) => file.path !== path)) continue;
    graphs.push({ path, bytes: await readSkeleton(fileSource(blob, signal), path) });
  }
  const listing = files.map(({ path, blob }) => ({ path, bytes: blob.size }));
  const find = (paths: readonly string[]) => Promise.resolve(listing.filter(({ path }) => paths.includes(path)));
  return withNamedData(plan, graphs, { name, find });
}

function graphFiles({ graph, embedder, files }: OnnxPlan): ListedFile[] {
  return files.filter(({ path }) => path === graph || path === embedder);
}
