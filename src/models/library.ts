/** The library of models: which there are, what is stored of them, and their files when they are needed. */
import { MicrogridError, randomId, TypedEventTarget } from "../core";
import type { Backend, DeviceInfo, EngineName, LoadProgress, ModelPackage } from "../inference";
import { embeddedEntries, repositoryEntries, webllmEntries } from "./catalog";
import { ModelHosts } from "./hosts";
import { usualBackend } from "./info";
import { openModelParts, type ModelParts, type PartsOptions } from "./model-parts";
import { planOnnxFiles } from "./onnx-files";
import { prepareOnnx, prepareWebLlm, type PackageOrder, type PackageParts } from "./packages";
import { downloadProgress } from "./progress";
import { ModelRecords } from "./records";
import { SharedWork } from "./shared-work";
import { ModelIndex } from "./model-index";
import { readFileSource, readTextSource } from "./sources";
import { connectStore, storeClosed } from "./store-client";
import type { ModelInfo } from "./types";
import { deleteCached } from "./webllm-cache";

const DEFAULT_HUB = "https://huggingface.co";

/** What a library is opened with. */
export interface ModelLibraryOptions {
  /** Address of the page's folder, with a slash at its end; the embedded model lies below it. */
  readonly baseUrl: string;
  readonly device: DeviceInfo;
  /** Starts the store worker (`workers/store.ts`). */
  readonly createStoreWorker: () => Worker;
  /** Address of the model hub; Hugging Face where absent. */
  readonly hub?: string;
  /** Addresses of hubs with the same paths, asked in this order where the first does not answer. */
  readonly mirrors?: readonly string[];
}

/** How a model is to be prepared. */
export interface PrepareOptions {
  /** Aborting leaves the download; what arrived is kept. */
  readonly signal: AbortSignal;
  readonly backend: Backend;
  /** Fails with `unsupported-model` where the model is for another engine. */
  readonly engine?: EngineName;
  readonly onProgress: (progress: LoadProgress) => void;
}

/** The models that this device could run. Emits `change` with the new list when anything in it changed. */
export class ModelLibrary extends TypedEventTarget<{ change: readonly ModelInfo[] }> {
  readonly #parts: PackageParts & { readonly records: ModelRecords };
  readonly #preparing = new SharedWork<ModelPackage, LoadProgress>();
  #list: readonly ModelInfo[] = [];

  private constructor(parts: PackageParts & { readonly records: ModelRecords }) {
    super();
    this.#parts = parts;
  }

  /** Reads the catalogs and what is remembered and stored; no network beyond the page's own files is used. */
  static async open(options: ModelLibraryOptions): Promise<ModelLibrary> {
    const [records, catalog] = await Promise.all([ModelRecords.open(), import("virtual:webllm-catalog")]);
    const { device } = options;
    const store = connectStore(options.createStoreWorker);
    const hosts = new ModelHosts(options.hub ?? DEFAULT_HUB, options.mirrors ?? []);
    const entries = [...embeddedEntries(options.baseUrl), ...repositoryEntries(), ...webllmEntries(catalog.models)];
    const shelf = new ModelIndex({ device, records, store, hosts }, entries, await records.models());
    const library = new ModelLibrary({ device, shelf, store, hosts, records });
    await library.#refresh();
    return library;
  }

  /** All models, the embedded one first. The list is a snapshot. */
  list(): readonly ModelInfo[] {
    return this.#list;
  }

  /**
   * Asks a model's host for its size and updates the entry; to be called when the entry is shown. Throws `network`,
   * `not-a-model`, `file-missing`, `unknown-model`.
   */
  async describe(id: string, options: { signal: AbortSignal }): Promise<ModelInfo> {
    const { shelf, hosts } = this.#parts;
    const entry = shelf.entry(id);
    if (entry.origin.kind !== "embedded" && entry.origin.kind !== "files") {
      await shelf.remember(id, { facts: await hosts.facts(entry.origin, options.signal) });
      this.#show();
    }
    return shelf.info(shelf.entry(id));
  }

  /**
   * Downloads what is missing of a model and returns its files. Two calls for the same share one download, which
   * stops when the last is aborted. Throws `unknown-model`, `unsupported-model`, `not-a-model`, `network`,
   * `file-missing`, `file-corrupt`, `quota-exceeded`, `storage-unavailable`.
   */
  async prepare(id: string, options: PrepareOptions): Promise<ModelPackage> {
    const entry = this.#parts.shelf.entry(id);
    const { backend, engine } = options;
    if (engine !== undefined && engine !== entry.engine) {
      throw new MicrogridError(
        "unsupported-model",
        `${entry.name} runs on the ${entry.engine} engine, not on ${engine}.`,
      );
    }
    if (entry.source !== "embedded") void askToPersist();
    return this.#preparing.join(
      JSON.stringify([id, backend]),
      (signal, onProgress) => this.#prepare({ entry, backend, signal, onProgress }),
      options,
    );
  }

  /**
   * Opens a model of which only parts are wanted, however large it is: nothing but its graph is downloaded. Throws
   * `unknown-model`, `unsupported-model` for models that run whole only, else as `prepare` does.
   */
  async parts(id: string, options: PartsOptions): Promise<ModelParts> {
    const entry = this.#parts.shelf.entry(id);
    if (entry.source !== "embedded") void askToPersist();
    try {
      return await openModelParts(this.#parts, entry, options);
    } finally {
      await this.#refresh();
    }
  }

  /**
   * Adds a model by hub name (`owner/name`), by the address of a repository or of a folder with `config.json`, by the
   * addresses of an MLC model and its library with a space between them, or by picked files, which are copied into
   * the store. A model that is known already is given as it is. Throws `bad-request`, `unknown-model`,
   * `not-a-model`, `unsupported-model`, `file-missing`, `network`, `quota-exceeded`.
   */
  async add(
    source: string | URL | FileList | readonly File[],
    options: { signal?: AbortSignal; onProgress?: (progress: LoadProgress) => void } = {},
  ): Promise<ModelInfo> {
    const signal = options.signal ?? new AbortController().signal;
    const text = typeof source === "string" || source instanceof URL;
    const id = text
      ? await this.#addText(source, signal)
      : await this.#addFiles(source, signal, options.onProgress ?? (() => undefined));
    await this.#refresh();
    return this.#parts.shelf.info(this.#parts.shelf.entry(id));
  }

  /** Deletes what is stored of a model; an added model also leaves the list. */
  async remove(id: string): Promise<void> {
    const { shelf, store, hosts } = this.#parts;
    const { origin } = shelf.entry(id);
    if (origin.kind === "webllm") await deleteCached(hosts.weightsUrl(origin.modelUrl), origin.libraryUrl);
    else await store.service.remove(id);
    await shelf.forget(id);
    await this.#refresh();
  }

  /** Reads anew what is stored, after a WebLLM model was loaded: its library stores the weights itself. */
  async refresh(): Promise<void> {
    await this.#refresh();
  }

  /** Ends the store worker; running downloads stop and keep what arrived. */
  close(): void {
    this.#parts.store.end(storeClosed());
    this.#parts.records.close();
  }

  async #prepare(order: PackageOrder): Promise<ModelPackage> {
    const { origin } = order.entry;
    try {
      return await (origin.kind === "webllm"
        ? prepareWebLlm(this.#parts, order, origin)
        : prepareOnnx(this.#parts, order));
    } finally {
      await this.#refresh();
    }
  }

  async #addText(source: string | URL, signal: AbortSignal): Promise<string> {
    const { shelf, hosts, device } = this.#parts;
    const { id, name, origin } = readTextSource(source, hosts);
    if (shelf.has(id)) return id;
    const facts = await hosts.facts(origin, signal);
    if (origin.kind !== "webllm") planOnnxFiles(facts.files, usualBackend(device), device, name);
    await shelf.remember(id, { added: { name, source: origin }, facts });
    return id;
  }

  async #addFiles(
    source: Iterable<File>,
    signal: AbortSignal,
    onProgress: (progress: LoadProgress) => void,
  ): Promise<string> {
    const { shelf, store, device } = this.#parts;
    const { name, files } = readFileSource(source);
    const listing = files.map(({ path, blob }) => ({ path, bytes: blob.size }));
    const plan = planOnnxFiles(listing, usualBackend(device), device, name);
    const wanted = files.filter(({ path }) => plan.files.some((file) => file.path === path));
    const id = `files/${name}/${randomId(4)}`;
    const stored = await store.service.importFiles(id, wanted, {
      signal,
      onProgress: downloadProgress(name, onProgress),
    });
    const facts = { files: stored.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 })) };
    await shelf.remember(id, { added: { name, source: { kind: "files" } }, facts });
    return id;
  }

  /** Reads anew what is stored and tells listeners. */
  async #refresh(): Promise<void> {
    await this.#parts.shelf.refresh();
    this.#show();
  }

  #show(): void {
    this.#list = this.#parts.shelf.list();
    this.emit("change", this.#list);
  }
}

/** Asks the browser not to evict the store; it may refuse, and then models may have to be downloaded again. */
async function askToPersist(): Promise<void> {
  try {
    await navigator.storage.persist();
  } catch {
    // Not offered here.
  }
}
