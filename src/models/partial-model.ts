/** Reads the files of one model from the store, or else from its hosts: graphs without their weights, and ranges of weights. */
import { MicrogridError } from "../core";
import type { LoadProgress, PackageFile } from "../inference";
import { joinGraphs } from "../onnx";
import type { ModelEntry } from "./entry";
import { withNamedData } from "./external-data";
import { packageFiles, type OnnxPlan } from "./onnx-files";
import { packageHash } from "./package-hash";
import type { PackageParts } from "./package-parts";
import { downloadProgress } from "./progress";
import type { ListedFile } from "./records";
import { type GraphWithoutWeights, matches, type StoredFile, type StoreProgress } from "./store-protocol";

/** Files up to this size are downloaded whole if their host does not deliver parts. */
const SMALL_FILE_BYTES = 64 * 2 ** 20;

/** Options of calls that may download something. */
export interface WorkOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: LoadProgress) => void;
}

/** One graph of a model, without its weights. */
type ReadGraph = GraphWithoutWeights & { readonly path: string };

/** The graphs of a model as one, in the order in which the model runs them. */
export function joined([first, ...others]: readonly GraphWithoutWeights[]): Uint8Array<ArrayBuffer> {
  return others.reduce((front, { bytes }) => joinGraphs(front, bytes), first!.bytes);
}

/** The plan with all files that its graphs name, as far as the host has them. Throws like `withNamedData`. */
export function withListedData(
  { hosts }: PackageParts,
  { name, origin }: ModelEntry,
  found: {
    readonly plan: OnnxPlan;
    readonly graphs: readonly ReadGraph[];
    readonly listing: readonly ListedFile[];
    readonly signal: AbortSignal;
  },
): Promise<OnnxPlan> {
  const { plan, graphs, listing, signal } = found;
  return withNamedData(plan, graphs, { name, find: (paths) => hosts.find(origin, { paths, listing, signal }) });
}

/** The files of one model, in the store and on hosts. */
export class PartialModel {
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
  download(paths: readonly string[], { signal, onProgress }: WorkOptions): Promise<StoredFile[]> {
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
    options: WorkOptions,
  ): Promise<readonly (GraphWithoutWeights & { readonly path: string })[]> {
    const graphs = [];
    for (const file of this.#graphFiles) {
      graphs.push({ path: file.path, ...(await this.#graph(file, maxGraphBytes, options)) });
    }
    return graphs;
  }

  /** The files that state the sizes of caches. */
  async configTexts(options: WorkOptions): Promise<{ config: string | undefined; genAi: string | undefined }> {
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

  #graph(file: ListedFile, maxGraphBytes: number, { signal, onProgress }: WorkOptions): Promise<GraphWithoutWeights> {
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
  async #orWhole<T>({ path }: ListedFile, read: () => Promise<T>, options: WorkOptions): Promise<T> {
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
    options: WorkOptions,
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
