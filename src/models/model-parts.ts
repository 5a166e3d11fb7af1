/** Opens a model so that a device can read the graph and only the weights of the layers that it runs. */
import { planVariant } from "./variant-choice";
import { MicrogridError } from "../core";
import type { Backend, LoadProgress, PackageFile } from "../inference";
import { joinGraphs } from "../onnx";
import type { ModelEntry } from "./entry";
import { withNamedData } from "./external-data";
import { packageFiles, planOnnxGraph, type OnnxPlan } from "./onnx-files";
import { currentListing, knownListing, packageHash, type PackageParts } from "./packages";
import { downloadProgress } from "./progress";
import type { ListedFile } from "./records";
import { Sha256, sha256Text } from "./sha256";
import { type GraphWithoutWeights, matches, type StoredFile, type StoreProgress } from "./store-protocol";

/** Weight files up to this size are downloaded whole if their host does not deliver parts. */
const SMALL_FILE_BYTES = 64 * 2 ** 20;

/** Models with fewer bytes of weights are downloaded without a look at their graph: that would take as long. */
const WORTH_A_LOOK_BYTES = 16 * 2 ** 20;
/** Largest graph that is looked at before a download, in bytes, without its weights. */
const MAX_LOOKED_AT_BYTES = 64 * 2 ** 20;

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
  settings(options: SettingsOptions): Promise<{ readonly files: readonly PackageFile[]; readonly packageHash: string }>;
}

interface SettingsOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: LoadProgress) => void;
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
  const plan = await withNamedData(planned, graphs, {
    name: entry.name,
    find: (paths) => parts.hosts.find(entry.origin, { paths, listing, signal }),
  });
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

/**
 * Looks at the graph of a model that is about to be downloaded. Throws `unsupported-model` if the engine cannot run it. If the
 * graph cannot be read by itself, nothing is said: the download or the engine will find out.
 */
export async function checkBeforeDownload(
  parts: PackageParts,
  entry: ModelEntry,
  plan: OnnxPlan,
  signal: AbortSignal,
): Promise<void> {
  if ((plan.weightBytes ?? Infinity) < WORTH_A_LOOK_BYTES) return;
  const source = new PartialModel(parts, entry, plan);
  const options = { signal, onProgress: () => undefined };
  let found;
  try {
    found = { graphs: await source.graphs(MAX_LOOKED_AT_BYTES, options), texts: await source.configTexts(options) };
  } catch {
    signal.throwIfAborted();
    return;
  }
  await parts.decoders.check(joined(found.graphs), found.texts);
}

function joined([first, ...others]: readonly GraphWithoutWeights[]): Uint8Array<ArrayBuffer> {
  return others.reduce((front, { bytes }) => joinGraphs(front, bytes), first!.bytes);
}

/** The files of one model, in the store and on hosts. */
class PartialModel {
  readonly #parts: PackageParts;
  readonly #entry: ModelEntry;
  readonly #plan: OnnxPlan;
  /** In the order in which the model runs them. */
  readonly #graphFiles: readonly ListedFile[];

  constructor(parts: PackageParts, entry: ModelEntry, plan: OnnxPlan) {
    this.#parts = parts;
    this.#entry = entry;
    this.#plan = plan;
    const paths = plan.embedder === undefined ? [plan.graph] : [plan.embedder, plan.graph];
    this.#graphFiles = paths.map((path) => plan.files.find((file) => file.path === path) ?? { path });
  }

  /** Downloads those of these files that are not stored yet. */
  download(paths: readonly string[], { signal, onProgress }: SettingsOptions): Promise<StoredFile[]> {
    const files = this.#plan.files.filter(({ path }) => paths.includes(path));
    const requests = files.map((file) => ({ ...file, urls: this.#urls(file), optional: false }));
    return this.#parts.store.service.download(this.#entry.id, requests, {
      signal,
      onProgress: downloadProgress(this.#entry.name, onProgress),
    });
  }

  /** The graphs without their weights, in the order in which the model runs them. */
  async graphs(
    maxGraphBytes: number,
    options: SettingsOptions,
  ): Promise<readonly (GraphWithoutWeights & { readonly path: string })[]> {
    const graphs = [];
    for (const file of this.#graphFiles) {
      graphs.push({ path: file.path, ...(await this.#graph(file, maxGraphBytes, options)) });
    }
    return graphs;
  }

  /** The files that state the sizes of caches. */
  async configTexts(options: SettingsOptions): Promise<{ config: string | undefined; genAi: string | undefined }> {
    const wanted = this.#plan.settings.filter(({ name }) => name === "config.json" || name === "genai_config.json");
    const stored = packageFiles(
      this.#plan,
      await this.download(
        wanted.map(({ file }) => file.path),
        options,
      ),
    );
    const text = (name: string): Promise<string> | undefined => stored.find(({ path }) => path === name)?.blob.text();
    const [config, genAi] = await Promise.all([text("config.json"), text("genai_config.json")]);
    return { config, genAi };
  }

  #graph(
    file: ListedFile,
    maxGraphBytes: number,
    { signal, onProgress }: SettingsOptions,
  ): Promise<GraphWithoutWeights> {
    const { name, id } = this.#entry;
    const request = { ...file, urls: this.#urls(file), maxGraphBytes };
    const report = ({ receivedBytes: loadedBytes, totalBytes }: StoreProgress): void =>
      onProgress({
        ...{ phase: "read", loadedBytes, totalBytes, text: `Reading the graph of ${name}.` },
        // Most bytes are passed over, so their rate says nothing.
        ...{ bytesPerSecond: 0, etaMs: undefined },
      });
    const read = (): Promise<GraphWithoutWeights> =>
      this.#parts.store.service.readGraph(id, request, { signal, onProgress: report });
    // A file of unknown size cannot be read by ranges.
    const isSmall = (file.bytes ?? 0) <= SMALL_FILE_BYTES;
    return isSmall ? this.#orWhole(file, read, { signal, onProgress }) : read();
  }

  async read(range: WeightsRange, signal: AbortSignal): Promise<Blob> {
    signal.throwIfAborted();
    const { location, offset, length, weightsHash: version } = range;
    const file = this.#fileAt(location);
    if (!file) throw missing(this.#entry.name, location);
    const { path } = file;
    const inside = Number.isSafeInteger(offset + length) && offset >= 0 && length >= 0;
    if (!inside || offset + length > (file.bytes ?? Infinity)) throw beyondEnd(this.#entry.name, path);
    if (length === 0) return new Blob([]);
    const hosts = range.hosts.get(path);
    const request = { ...file, urls: this.#urls(file), version, offset, length, hosts };
    const read = (): Promise<Blob> => this.#parts.store.service.readRange(this.#entry.id, request, { signal });
    const isSmall = (file.bytes ?? Infinity) <= SMALL_FILE_BYTES;
    return isSmall ? this.#orWhole(file, read, { signal, onProgress: () => undefined }) : read();
  }

  /** Reads from a file by ranges. If its host delivers whole files only, the file is downloaded first. */
  async #orWhole<T>({ path }: ListedFile, read: () => Promise<T>, options: SettingsOptions): Promise<T> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof MicrogridError && error.code === "unsupported-model")) throw error;
    }
    await this.download([path], options);
    return read();
  }

  async stored(location: string): Promise<Blob | undefined> {
    const file = this.#fileAt(location);
    const [stored] = (file && (await this.#parts.store.service.open(this.#entry.id, [file.path]))) ?? [];
    return file && stored && matches(stored, file) ? stored.blob : undefined;
  }

  async settings(
    weightsHash: string,
    options: SettingsOptions,
  ): Promise<{ files: readonly PackageFile[]; packageHash: string }> {
    const weights = [...this.#graphFiles, ...this.#plan.data];
    const paths = this.#plan.files.map(({ path }) => path);
    const own = paths.filter((path) => weights.every((file) => file.path !== path));
    const stored = await this.download(own, options);
    const hashes = await Promise.all(weights.map((file) => this.#hashOf(file, weightsHash)));
    return {
      files: packageFiles(this.#plan, stored),
      packageHash: packageHash([...stored, ...hashes]),
    };
  }

  /**
   * A file with its hash from the listing or the store; if neither has one, with a placeholder that is the same on all
   * nodes.
   */
  async #hashOf(file: ListedFile, weightsHash: string): Promise<{ path: string; sha256: string }> {
    const { path, sha256 } = file;
    if (sha256 !== undefined) return { path, sha256 };
    const [stored] = (await this.#parts.store.service.open(this.#entry.id, [path])) ?? [];
    return { path, sha256: stored && matches(stored, file) ? stored.sha256 : `unknown, of ${weightsHash}` };
  }

  #fileAt(location: string): ListedFile | undefined {
    const folder = this.#plan.graph.slice(0, this.#plan.graph.lastIndexOf("/") + 1);
    const path = folder + location.replace(/^\.\//, "");
    return [...this.#graphFiles, ...this.#plan.data].find((file) => file.path === path);
  }

  #urls({ path }: ListedFile): string[] {
    return this.#parts.hosts.urls(this.#entry.origin, path);
  }
}

/** A range of a weights file, in a certain version of it. */
interface WeightsRange {
  readonly location: string;
  readonly offset: number;
  readonly length: number;
  readonly weightsHash: string;
  /** The versions of the graphs' own files on hosts, by path. */
  readonly hosts: ReadonlyMap<string, GraphWithoutWeights["hosts"]>;
}

function hashOfWeights({ graph, embedder, data, files }: OnnxPlan, graphBytes: Uint8Array): string {
  const weights = [...files.filter(({ path }) => path === graph || path === embedder), ...data];
  const lines = weights.map(({ path, bytes, sha256 }) => JSON.stringify([path, bytes ?? null, sha256 ?? null]));
  const hash = new Sha256();
  hash.update(graphBytes);
  return sha256Text(["microgrid/2 weights", JSON.stringify([graph, hash.digest()]), ...lines.sort(), ""].join("\n"));
}

function missing(name: string, path: string): MicrogridError {
  return new MicrogridError(
    "file-missing",
    `${name} has no file ${path}, though its graph asks for it. Choose another model.`,
  );
}

function beyondEnd(name: string, path: string): MicrogridError {
  return new MicrogridError(
    "file-corrupt",
    `The graph of ${name} asks for bytes beyond the end of ${path}: the two do not belong together. Choose another model.`,
  );
}
