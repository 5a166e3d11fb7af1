/** Opens a model so that a device can read the graph and only the weights of the layers that it runs. */
import { MicrogridError } from "../core";
import type { Backend, LoadProgress, PackageFile } from "../inference";
import type { ModelEntry } from "./entry";
import { planOnnxGraph, type OnnxPlan } from "./onnx-files";
import { currentListing, knownListing, type PackageParts } from "./package-parts";
import { joined, PartialModel, withListedData, type WorkOptions } from "./partial-model";
import { Sha256, sha256Text } from "./sha256";
import { planVariant } from "./variant-choice";

/** A model that is read in parts: its graph, and any range of its weights. */
export interface ModelParts {
  readonly id: string;
  readonly name: string;
  /** Path of the graph inside the model. */
  readonly graph: string;
  /**
   * The graph without the weights inside of its file: to the graph, they are external data in its own file. Two graphs are
   * joined, and sizes that the graph leaves to the configuration are filled in.
   */
  readonly graphBytes: Uint8Array<ArrayBuffer>;
  /**
   * Nodes with equal hashes read the same files. It covers the SHA-256 of `graphBytes` and what the host's listing says
   * about the graph's file and its external data, but not what happens to be stored here, so that all nodes agree.
   */
  readonly weightsHash: string;
  /** Bytes of the graph and its external data; undefined if the host does not say. */
  readonly weightBytes: number | undefined;
  readonly contextLength: number | undefined;
  /**
   * Returns exactly these bytes of the file `location` (its name in the graph): external data, or the graph's own file.
   * They come from the store if the complete file is there, and otherwise as ranges from the hosts, which are kept on
   * disk for the next visit. Rejects with the signal's reason; throws `file-missing`, `file-corrupt`, `network`, or `unsupported-model` if the
   * hosts deliver whole files only.
   */
  read(location: string, offset: number, length: number, options: { readonly signal: AbortSignal }): Promise<Blob>;
  /**
   * The file `location` if the store has it complete and in the version that the host's listing names, otherwise
   * undefined. No host is asked.
   */
  stored(location: string): Promise<Blob | undefined>;
  /**
   * The tokenizer and configuration, downloaded if they are not stored yet. If the hashes of all files are known from
   * the listing or the store, the package hash equals that of `prepare` for the whole model, so that an answer can be
   * continued exactly on a whole model. Otherwise it covers only what is known. Throws like `ModelLibrary.prepare`.
   */
  settings(options: WorkOptions): Promise<{ readonly files: readonly PackageFile[]; readonly packageHash: string }>;
}

/** The error for two nodes that mean different files by the same name. */
export function otherFiles(name: string): MicrogridError {
  return new MicrogridError(
    "unsupported-model",
    `This device has other files for ${name} than the device that asks. Both should use the same model hub.`,
  );
}

/** Which parts to open. */
export interface PartsOptions {
  readonly signal: AbortSignal;
  readonly backend: Backend;
  /** Largest graph to read, in bytes, without its weights. */
  readonly maxGraphBytes: number;
  /** Called while the graph is read. */
  readonly onProgress?: (progress: LoadProgress) => void;
  /** Path of the graph if a peer has chosen it; by default the usual one for this backend and device. */
  readonly graph?: string;
  /** The size that `ModelParts.graphBytes` must have, if a peer has named it. */
  readonly graphBytes?: number;
}

/**
 * Opens a model to read parts of it: asks the host for the files and reads the graph without its weights. Throws
 * `unsupported-model` for models of the WebLLM engine and for graphs that are too large, and otherwise like
 * `ModelLibrary.prepare`.
 */
export async function openModelParts(
  parts: PackageParts,
  entry: ModelEntry,
  { signal, backend, graph, graphBytes: wantedBytes, maxGraphBytes, onProgress = () => undefined }: PartsOptions,
): Promise<ModelParts> {
  if (entry.origin.kind === "webllm") {
    throw new MicrogridError(
      "unsupported-model",
      `${entry.name} is compiled for the WebLLM engine and cannot be split. Choose an ONNX model to split over several devices.`,
    );
  }
  if (entry.engine === "wllama") {
    throw new MicrogridError(
      "unsupported-model",
      `${entry.name} is a GGUF model, which llama.cpp runs as a whole. Choose an ONNX model to split over several devices.`,
    );
  }
  const listing = await currentListing(parts, entry, knownListing(parts, entry), signal);
  const planned =
    graph === undefined
      ? planVariant({
          listing,
          remembered: parts.index.remembered(entry.id),
          backend,
          device: parts.device,
          name: entry.name,
        })
      : planOnnxGraph(listing, graph, entry.name);
  const graphs = await new PartialModel(parts, entry, planned).graphs(maxGraphBytes, { signal, onProgress });
  const plan = await withListedData(parts, entry, { plan: planned, graphs, listing, signal });
  const source = new PartialModel(parts, entry, plan);
  const graphBytes = await parts.decoders.complete(joined(graphs), () => source.configTexts({ signal, onProgress }));
  const hosts = new Map(graphs.map((each) => [each.path, each.hosts]));
  if (wantedBytes !== undefined && graphBytes.length !== wantedBytes) throw otherFiles(entry.name);
  const weightsHash = hashOfWeights(plan, graphBytes);
  return {
    id: entry.id,
    name: entry.name,
    graph: plan.graph,
    graphBytes,
    weightsHash,
    weightBytes: plan.weightBytes,
    contextLength: entry.contextLength ?? parts.index.remembered(entry.id).facts?.contextLength,
    read: (location, offset, length, options) =>
      source.read({ location, offset, length, weightsHash, hosts }, options.signal),
    stored: (location) => source.stored(location),
    settings: (options) => source.settings(weightsHash, options),
  };
}

function hashOfWeights({ graph, embedder, data, files }: OnnxPlan, graphBytes: Uint8Array): string {
  const weights = [...files.filter(({ path }) => path === graph || path === embedder), ...data];
  const lines = weights.map(({ path, bytes, sha256 }) => JSON.stringify([path, bytes ?? null, sha256 ?? null]));
  const hash = new Sha256();
  hash.update(graphBytes);
  return sha256Text(["microgrid/2 weights", JSON.stringify([graph, hash.digest()]), ...lines.sort(), ""].join("\n"));
}
