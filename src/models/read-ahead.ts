/** Reads the graph of a model before its weights are downloaded, because only the graph knows which files these are. */
import { isAbort } from "../core";
import { fileSource, readSkeleton } from "../onnx";
import type { ModelEntry } from "./entry";
import { withNamedData } from "./external-data";
import type { ModelHosts } from "./hosts";
import type { OnnxPlan } from "./onnx-files";
import type { ListedFile } from "./records";
import type { StoreWorker } from "./store-client";

/** Graph files up to this size are downloaded first. Larger ones hold weights, and are read by ranges instead. */
const SMALL_GRAPH_BYTES = 64 * 2 ** 20;

/** The files that are downloaded before the weights: they are small, and show whether the rest is worth it. */
export function firstFiles(plan: OnnxPlan): ListedFile[] {
  const graphs = graphFiles(plan).filter(({ bytes = 0 }) => bytes <= SMALL_GRAPH_BYTES);
  return [...plan.settings.map(({ file }) => file), ...graphs];
}

/**
 * The plan with all files that the graph names. A graph that cannot be read leaves the plan as it is: the
 * engine will say what is wrong with it. Throws like `withNamedData`.
 */
export async function readAhead(
  { store, hosts }: { readonly store: StoreWorker; readonly hosts: ModelHosts },
  entry: ModelEntry,
  {
    plan,
    listing,
    signal,
  }: { readonly plan: OnnxPlan; readonly listing: readonly ListedFile[]; readonly signal: AbortSignal },
): Promise<OnnxPlan> {
  const graphs: { path: string; bytes: Uint8Array }[] = [];
  const options = { signal, onProgress: () => undefined };
  for (const file of graphFiles(plan)) {
    const request = { ...file, urls: hosts.urls(entry.origin, file.path), maxGraphBytes: SMALL_GRAPH_BYTES };
    try {
      graphs.push({ path: file.path, bytes: (await store.service.readGraph(entry.id, request, options)).bytes });
    } catch (error) {
      signal.throwIfAborted();
      if (isAbort(error)) throw error;
      return plan;
    }
  }
  const find = (paths: readonly string[]) => hosts.find(entry.origin, { paths, listing, signal });
  return withNamedData(plan, graphs, { name: entry.name, find });
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
