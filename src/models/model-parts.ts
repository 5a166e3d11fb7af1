/** A model of which a device reads only what it needs: the graph whole, of the weights just the bytes of some layers. */
import { MicrogridError } from "../core";
import type { Backend, LoadProgress, PackageFile } from "../inference";
import type { ModelEntry } from "./entry";
import { planOnnxFiles, planOnnxGraph, type OnnxPlan } from "./onnx-files";
import { packageHash } from "./package-hash";
import { currentListing, knownListing, type PackageParts } from "./packages";
import { downloadProgress } from "./progress";
import type { ListedFile } from "./records";
import { sha256Text } from "./sha256";
import { matches, type StoredFile } from "./store-protocol";

/** Files of weights up to this size are downloaded whole where their host does not give parts. */
const SMALL_FILE_BYTES = 64 * 2 ** 20;

/** A model of which only parts are read: its graph, and any bytes of its weights. */
export interface ModelParts {
  readonly id: string;
  readonly name: string;
  /** Path of the graph inside the model. */
  readonly graph: string;
  readonly graphBytes: Uint8Array<ArrayBuffer>;
  /**
   * Nodes that have the same read the same files. It is over the SHA-256 of the graph and what the host's listing says of
   * its external data, never over what happens to be stored here, so that all nodes agree.
   */
  readonly weightsHash: string;
  /** Bytes of the graph and its external data; undefined where the host does not tell. */
  readonly weightBytes: number | undefined;
  readonly contextLength: number | undefined;
  /**
   * Exactly these bytes of the external data file `location`, as the graph names it. From the store where that file
   * lies complete there, else by ranges from the hosts, each kept on disk for the next visit. Rejects with the signal's
   * reason; throws `file-missing`, `file-corrupt`, `network`, `unsupported-model` where hosts give whole files only.
   */
  read(location: string, offset: number, length: number, options: { readonly signal: AbortSignal }): Promise<Blob>;
  /**
   * The external data file `location` where it lies complete in the store, in the version that the host's listing names;
   * undefined where it does not. No host is asked.
   */
  stored(location: string): Promise<Blob | undefined>;
  /**
   * Tokenizer and configuration, downloaded where they are not stored yet. The package hash is that which `prepare`
   * gives for the whole model where the hashes of all files are known from the listing or the store; an answer may
   * then go on exactly on a whole model. Else it is one over what is known. Throws as `ModelLibrary.prepare` does.
   */
  settings(options: SettingsOptions): Promise<{ readonly files: readonly PackageFile[]; readonly packageHash: string }>;
}

interface SettingsOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: LoadProgress) => void;
}

/** Two nodes mean different files by the same name. */
export function otherFiles(name: string): MicrogridError {
  return new MicrogridError(
    "unsupported-model",
    `This device finds other files of ${name} than the one that asks. Both should use the same model hub.`,
  );
}

/** Which parts are to be opened. */
export interface PartsOptions {
  /** Aborting leaves the download of the graph; what arrived is kept. */
  readonly signal: AbortSignal;
  readonly backend: Backend;
  /** Path of the graph, where a peer has chosen it; without it the usual one for this backend and device. */
  readonly graph?: string;
  /** Bytes that the graph has to have; where its host lists other ones, nothing is downloaded. */
  readonly graphBytes?: number;
}

/**
 * Opens a model for reading parts of it: asks the host what there is, and downloads the graph. Throws
 * `unsupported-model` for models of the WebLLM engine, else as `ModelLibrary.prepare` does.
 */
export async function openModelParts(
  parts: PackageParts,
  entry: ModelEntry,
  { signal, backend, graph, graphBytes: wantedBytes }: PartsOptions,
): Promise<ModelParts> {
  if (entry.origin.kind === "webllm") {
    throw new MicrogridError(
      "unsupported-model",
      `${entry.name} is compiled for the WebLLM engine and runs whole only. Choose an ONNX model to split over devices.`,
    );
  }
  const listing = await currentListing(parts, entry, knownListing(parts, entry), signal);
  const plan =
    graph === undefined
      ? planOnnxFiles(listing, backend, parts.device, entry.name)
      : planOnnxGraph(listing, graph, entry.name);
  const listed = plan.files.find(({ path }) => path === plan.graph)?.bytes;
  if (wantedBytes !== undefined && listed !== undefined && listed !== wantedBytes) throw otherFiles(entry.name);
  const source = new PartialModel(parts, entry, plan);
  const [stored] = await source.download([plan.graph], { signal, onProgress: () => undefined });
  if (!stored) throw new MicrogridError("file-missing", `The model's graph ${plan.graph} is missing.`);
  const graphBytes = new Uint8Array(await stored.blob.arrayBuffer());
  signal.throwIfAborted();
  const weightsHash = hashOfWeights(plan, stored.sha256);
  return {
    id: entry.id,
    name: entry.name,
    graph: plan.graph,
    graphBytes,
    weightsHash,
    weightBytes: plan.weightBytes,
    contextLength: entry.contextLength ?? parts.shelf.remembered(entry.id).facts?.contextLength,
    read: (location, offset, length, options) => source.read({ location, offset, length, weightsHash }, options.signal),
    stored: (location) => source.stored(location),
    settings: (options) => source.settings(stored, weightsHash, options),
  };
}

/** The files of one graph of a model, in the store and on hosts. */
class PartialModel {
  readonly #parts: PackageParts;
  readonly #entry: ModelEntry;
  readonly #plan: OnnxPlan;

  constructor(parts: PackageParts, entry: ModelEntry, plan: OnnxPlan) {
    this.#parts = parts;
    this.#entry = entry;
    this.#plan = plan;
  }

  /** Brings these files into the store, where they are not there yet. */
  download(paths: readonly string[], { signal, onProgress }: SettingsOptions): Promise<StoredFile[]> {
    const files = this.#plan.files.filter(({ path }) => paths.includes(path));
    const requests = files.map((file) => ({ ...file, urls: this.#urls(file), optional: false }));
    return this.#parts.store.service.download(this.#entry.id, requests, {
      signal,
      onProgress: downloadProgress(this.#entry.name, onProgress),
    });
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
    const { id } = this.#entry;
    const request = { ...file, urls: this.#urls(file), version, offset, length };
    try {
      return await this.#parts.store.service.readRange(id, request, { signal });
    } catch (error) {
      const small = (file.bytes ?? Infinity) <= SMALL_FILE_BYTES;
      if (!small || !(error instanceof MicrogridError) || error.code !== "unsupported-model") throw error;
    }
    // The host gives whole files only, and this one is small.
    await this.download([path], { signal, onProgress: () => undefined });
    return this.#parts.store.service.readRange(id, request, { signal });
  }

  async stored(location: string): Promise<Blob | undefined> {
    const file = this.#fileAt(location);
    const [stored] = (file && (await this.#parts.store.service.open(this.#entry.id, [file.path]))) ?? [];
    return file && stored && matches(stored, file) ? stored.blob : undefined;
  }

  async settings(
    graph: StoredFile,
    weightsHash: string,
    options: SettingsOptions,
  ): Promise<{ files: readonly PackageFile[]; packageHash: string }> {
    const weights = [graph.path, ...this.#plan.data.map(({ path }) => path)];
    const own = this.#plan.files.map(({ path }) => path).filter((path) => !weights.includes(path));
    const stored = await this.download(own, options);
    const data = await Promise.all(this.#plan.data.map((file) => this.#hashOf(file, weightsHash)));
    return {
      files: stored.map(({ path, blob }) => ({ path, blob })),
      packageHash: packageHash([...stored, graph, ...data]),
    };
  }

  /** A file with its hash, from the listing or from the store; where neither has one, with a stand-in that nodes agree on. */
  async #hashOf(file: ListedFile, weightsHash: string): Promise<{ path: string; sha256: string }> {
    const { path, sha256 } = file;
    if (sha256 !== undefined) return { path, sha256 };
    const [stored] = (await this.#parts.store.service.open(this.#entry.id, [path])) ?? [];
    return { path, sha256: stored && matches(stored, file) ? stored.sha256 : `unknown, of ${weightsHash}` };
  }

  #fileAt(location: string): ListedFile | undefined {
    const folder = this.#plan.graph.slice(0, this.#plan.graph.lastIndexOf("/") + 1);
    const path = folder + location.replace(/^\.\//, "");
    return this.#plan.data.find((file) => file.path === path);
  }

  #urls({ path }: ListedFile): string[] {
    return this.#parts.hosts.urls(this.#entry.origin, path);
  }
}

/** Bytes of a file of weights, in a certain version of it. */
interface WeightsRange {
  readonly location: string;
  readonly offset: number;
  readonly length: number;
  readonly weightsHash: string;
}

function hashOfWeights({ graph, data }: OnnxPlan, graphSha256: string): string {
  const lines = data.map(({ path, bytes, sha256 }) => JSON.stringify([path, bytes ?? null, sha256 ?? null]));
  return sha256Text(["microgrid/1 weights", JSON.stringify([graph, graphSha256]), ...lines.sort(), ""].join("\n"));
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
