/** The library of models: which there are, what is stored of them, and their files when they are needed. */
import { MicrogridError, TypedEventTarget } from "../core";
import type { Backend, DeviceInfo, EngineName, LoadProgress, ModelPackage } from "../inference";
import { embeddedEntries } from "./catalog";
import type { ModelEntry } from "./entry";
import { modelInfo } from "./info";
import { planOnnxFiles, type OnnxPlan } from "./onnx-files";
import { packageHash } from "./package-hash";
import { downloadProgress } from "./progress";
import { ModelRecords, type ListedFile, type ModelRecord } from "./records";
import { SharedWork } from "./shared-work";
import { StoreClient } from "./store-client";
import type { StoredFile, StoredSummary } from "./store-protocol";
import type { ModelInfo } from "./types";

export interface ModelLibraryOptions {
  /** Address of the page's folder, with a slash at its end; the embedded model lies below it. */
  readonly baseUrl: string;
  readonly device: DeviceInfo;
  /** Starts the store worker (`workers/store.ts`). */
  readonly createStoreWorker: () => Worker;
}

export interface PrepareOptions {
  readonly signal: AbortSignal;
  readonly backend: Backend;
  /** Fails with `unsupported-model` where the model is for another engine. */
  readonly engine?: EngineName;
  readonly onProgress: (progress: LoadProgress) => void;
}

/** The models that this device could run. Emits `change` with the new list when anything in it changed. */
export class ModelLibrary extends TypedEventTarget<{ change: readonly ModelInfo[] }> {
  readonly #device: DeviceInfo;
  readonly #records: ModelRecords;
  readonly #store: StoreClient;
  readonly #entries: Map<string, ModelEntry>;
  readonly #remembered: Map<string, ModelRecord>;
  readonly #preparing = new SharedWork<ModelPackage, LoadProgress>();
  #stored = new Map<string, StoredSummary>();
  #list: readonly ModelInfo[] = [];

  private constructor(
    options: ModelLibraryOptions,
    records: ModelRecords,
    entries: readonly ModelEntry[],
    remembered: readonly ModelRecord[],
  ) {
    super();
    this.#device = options.device;
    this.#records = records;
    this.#store = new StoreClient(options.createStoreWorker);
    this.#entries = new Map(entries.map((entry) => [entry.id, entry]));
    this.#remembered = new Map(remembered.map((record) => [record.id, record]));
  }

  /** Reads what is remembered and stored; no network is used. */
  static async open(options: ModelLibraryOptions): Promise<ModelLibrary> {
    const records = await ModelRecords.open();
    const library = new ModelLibrary(options, records, embeddedEntries(options.baseUrl), await records.models());
    await library.#refresh();
    return library;
  }

  /** All models, the embedded one first. The list is a snapshot. */
  list(): readonly ModelInfo[] {
    return this.#list;
  }

  /**
   * Downloads what is missing of a model and returns its files. Two calls for the same share one download, which
   * stops when the last is aborted; what arrived is kept. Throws `unknown-model`, `unsupported-model`, `not-a-model`,
   * `network`, `file-missing`, `file-corrupt`, `quota-exceeded`.
   */
  async prepare(id: string, options: PrepareOptions): Promise<ModelPackage> {
    const entry = this.#entry(id);
    if (options.engine !== undefined && options.engine !== entry.engine) {
      throw new MicrogridError("unsupported-model", `${entry.name} runs on the ${entry.engine} engine only.`);
    }
    return this.#preparing.join(
      JSON.stringify([id, options.backend]),
      (signal, onProgress) => this.#prepareOnnx(entry, options.backend, signal, onProgress),
      options,
    );
  }

  /** Deletes what is stored of a model; an added model also leaves the list. */
  async remove(id: string): Promise<void> {
    const entry = this.#entry(id);
    await this.#store.remove(id);
    await this.#records.deleteModel(id);
    this.#remembered.delete(id);
    if (entry.source === "added") this.#entries.delete(id);
    await this.#refresh();
  }

  /** Ends the store worker; running downloads stop and keep what arrived. */
  close(): void {
    this.#store.close();
    this.#records.close();
  }

  #entry(id: string): ModelEntry {
    const entry = this.#entries.get(id);
    if (entry) return entry;
    throw new MicrogridError(
      "unknown-model",
      `There is no model "${id}" here. Choose one from the list, or add it by its hub name or address.`,
    );
  }

  async #prepareOnnx(
    entry: ModelEntry,
    backend: Backend,
    signal: AbortSignal,
    onProgress: (progress: LoadProgress) => void,
  ): Promise<ModelPackage> {
    const plan = planOnnxFiles(await this.#listing(entry), backend, this.#device, entry.name);
    const requests = plan.files.map((file) => ({ ...file, urls: this.#urls(entry, file.path) }));
    try {
      const files = await this.#store.download(entry.id, requests, {
        signal,
        onProgress: downloadProgress(entry.name, onProgress),
      });
      return await this.#toPackage(entry, plan, files);
    } finally {
      await this.#refresh();
    }
  }

  async #toPackage(entry: ModelEntry, plan: OnnxPlan, files: readonly StoredFile[]): Promise<ModelPackage> {
    const hash = packageHash(files);
    const record = this.#remembered.get(entry.id) ?? { id: entry.id, packages: [] };
    const others = record.packages.filter((known) => known.lead !== plan.graph);
    const known = { lead: plan.graph, packageHash: hash, paths: files.map((file) => file.path) };
    const updated = { ...record, packages: [...others, known] };
    this.#remembered.set(entry.id, updated);
    await this.#records.saveModel(updated);
    const { id, name } = entry;
    return { engine: "onnx", id, name, packageHash: hash, graph: plan.graph, files };
  }

  #listing(entry: ModelEntry): Promise<readonly ListedFile[]> {
    if (entry.origin.kind === "embedded") return Promise.resolve(entry.origin.files);
    return Promise.reject(new MicrogridError("unsupported-model", "Not yet."));
  }

  #urls(entry: ModelEntry, path: string): string[] {
    return entry.origin.kind === "embedded" ? [new URL(path, entry.origin.folder).href] : [];
  }

  /** Reads anew what is stored and tells listeners. */
  async #refresh(): Promise<void> {
    this.#stored = new Map((await this.#store.summaries()).map((summary) => [summary.model, summary]));
    this.#list = [...this.#entries.values()].map((entry) =>
      modelInfo(entry, this.#remembered.get(entry.id), this.#stored.get(entry.id), this.#device),
    );
    this.emit("change", this.#list);
  }
}
