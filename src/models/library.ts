/** The library of models: lists them, knows how much of each is stored, and provides their files. */
import { MicrogridError, randomId, TypedEventTarget } from "../core";
import type { Backend, decoders, DeviceInfo, EngineName, LoadProgress, ModelPackage } from "../inference";
import { embeddedEntries, ggufEntries, repositoryEntries, webllmEntries } from "./catalog";
import { afterFailedLoad } from "./failed-load";
import { type GgufPlan, engineOf, planGgufFiles } from "./gguf-files";
import { ModelHosts } from "./hosts";
import { expectedBackend, usualBackend } from "./info";
import { openModelParts, type ModelParts, type PartsOptions } from "./model-parts";
import type { OnnxPlan } from "./onnx-files";
import type { PackageParts } from "./package-parts";
import { prepareGguf, prepareOnnx, prepareWebLlm, type PackageOrder } from "./packages";
import { downloadProgress } from "./progress";
import { withPickedData } from "./look-ahead";
import { type ListedFile, ModelRecords } from "./records";
import { SharedWork } from "./shared-work";
import { ModelIndex } from "./model-index";
import { choiceOf, type Replacement, replaceVariant } from "./replacement";
import { readFileSource, readTextSource } from "./sources";
import { connectStore, storeClosed } from "./store-client";
import type { ModelInfo } from "./types";
import { backendOf, planVariant, type Variant } from "./variant-choice";
import { deleteCached } from "./webllm-cache";

const DEFAULT_HUB = "https://huggingface.co";

/** Options for opening a library. */
interface ModelLibraryOptions {
  /** Address of the page's folder, ending with a slash; the embedded model is stored below it. */
  readonly baseUrl: string;
  readonly device: DeviceInfo;
  /** Starts the store worker (`workers/store.ts`). */
  readonly createStoreWorker: () => Worker;
  /** The engine's rules about graphs: `decoders` of `inference`. */
  readonly decoders: typeof decoders;
  /** Address of the model hub; Hugging Face by default. */
  readonly hub?: string;
  /** Addresses of hubs with the same paths, tried in this order if the first does not answer. */
  readonly mirrors?: readonly string[];
}

/** How to prepare a model. */
interface PrepareOptions {
  /** Aborting stops waiting for the download; what has arrived is kept. */
  readonly signal: AbortSignal;
  readonly backend: Backend;
  /** Throws `unsupported-model` if the model is for another engine. */
  readonly engine?: EngineName;
  readonly onProgress: (progress: LoadProgress) => void;
}

/** The models that this device could run. Emits `change` with the new list whenever it changes. */
export class ModelLibrary extends TypedEventTarget<{ change: readonly ModelInfo[] }> {
  readonly #parts: PackageParts & { readonly records: ModelRecords };
  readonly #preparing = new SharedWork<ModelPackage, LoadProgress>();
  #list: readonly ModelInfo[] = [];

  private constructor(parts: PackageParts & { readonly records: ModelRecords }) {
    super();
    this.#parts = parts;
  }

  /** Reads the catalogs and the records and store of earlier visits. It uses no network beyond the page's own files. */
  static async open(options: ModelLibraryOptions): Promise<ModelLibrary> {
    const [records, catalog] = await Promise.all([ModelRecords.open(), import("virtual:webllm-catalog")]);
    const { device } = options;
    const store = connectStore(options.createStoreWorker);
    const hosts = new ModelHosts(options.hub ?? DEFAULT_HUB, options.mirrors ?? []);
    const listed = [...repositoryEntries(), ...ggufEntries(), ...webllmEntries(catalog.models)];
    const entries = [...embeddedEntries(options.baseUrl), ...listed];
    const index = new ModelIndex({ device, records, store, hosts }, entries, await records.models());
    const library = new ModelLibrary({ device, index, store, hosts, records, decoders: options.decoders });
    await library.#refresh();
    return library;
  }

  /** All models, the embedded one first. The list is a snapshot. */
  list(): readonly ModelInfo[] {
    return this.#list;
  }

  /**
   * Asks a model's host for its size and updates the entry. Call it when the entry is shown. Throws `network`,
   * `not-a-model`, `file-missing`, `unknown-model`.
   */
  async describe(id: string, options: { signal: AbortSignal }): Promise<ModelInfo> {
    const { index, hosts } = this.#parts;
    const entry = index.entry(id);
    if (entry.origin.kind !== "embedded" && entry.origin.kind !== "files") {
      await index.remember(id, { facts: await hosts.facts(entry.origin, options.signal) });
      this.#show();
    }
    return index.info(index.entry(id));
  }

  /**
   * Downloads the missing files of a model and returns all its files. Calls for the same model share one download,
   * which stops when the last of them is aborted. Throws `unknown-model`, `unsupported-model`, `not-a-model`,
   * `network`, `file-missing`, `file-corrupt`, `quota-exceeded`, `storage-unavailable`.
   */
  async prepare(id: string, options: PrepareOptions): Promise<ModelPackage> {
    const entry = this.#parts.index.entry(id);
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

  /** The backend on which a model runs: the preferred one, unless it is known to fail there and runs on the CPU. */
  backendFor(id: string, preferred: Backend): Backend {
    const { index } = this.#parts;
    const entry = index.has(id) ? index.entry(id) : undefined;
    if (entry?.engine === "onnx") return backendOf({ ...choiceOf(this.#parts, entry), preferred });
    return entry ? expectedBackend(entry, this.#parts.device) : preferred;
  }

  /** The graph that `prepare` chooses on this backend, as far as is known; undefined if there is none. */
  graphOn(id: string, backend: Backend): string | undefined {
    try {
      return planVariant({ ...choiceOf(this.#parts, this.#parts.index.entry(id)), backend }).graph;
    } catch {
      return undefined;
    }
  }

  /**
   * Notes that a variant gave wrong results, and chooses the one that replaces it: the best that is stored, or else the best
   * that can be downloaded; first on the same backend, then on the other `backends`. Undefined if none is left.
   */
  async replace(id: string, failed: Variant, backends: readonly Backend[]): Promise<Replacement | undefined> {
    const replacement = await replaceVariant(this.#parts, this.#parts.index.entry(id), { failed, backends });
    await this.#refresh();
    return replacement;
  }

  /**
   * Call it if a model that was prepared could not be loaded. If its files may be damaged, they are checked again, and
   * deleted unless they are what their host publishes. Returns the error to show, which says what to do then.
   */
  async afterFailedLoad(id: string, failure: { readonly error: unknown; readonly backend: Backend }): Promise<unknown> {
    try {
      return await afterFailedLoad(this.#parts, this.#parts.index.entry(id), failure);
    } catch {
      // The store does not answer, or the model was removed meanwhile.
      return failure.error;
    } finally {
      await this.#refresh();
    }
  }

  /**
   * Opens a model to read parts of it, however large it is: only its graph is downloaded. Throws `unknown-model`,
   * `unsupported-model` for models that cannot be split, and otherwise like `prepare`.
   */
  async parts(id: string, options: PartsOptions): Promise<ModelParts> {
    const entry = this.#parts.index.entry(id);
    if (entry.source !== "embedded") void askToPersist();
    try {
      return await openModelParts(this.#parts, entry, options);
    } finally {
      await this.#refresh();
    }
  }

  /** Keeps at most this many bytes of parts of models that are not here as a whole. The least recently used ones go first. */
  async limitParts(bytes: number): Promise<void> {
    await this.#parts.store.service.limitParts(bytes);
    await this.#refresh();
  }

  /**
   * Adds a model by hub name (`owner/name`), by the address of a repository or of a folder with `config.json`, by the
   * addresses of an MLC model and its library separated by a space, or by picked files, which are copied into the
   * store. If the model is known already, it is returned unchanged. Throws `bad-request`, `unknown-model`,
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
    return this.#parts.index.info(this.#parts.index.entry(id));
  }

  /** Deletes what is stored of a model. A model that the user added also leaves the list. */
  async remove(id: string): Promise<void> {
    const { index, store, hosts } = this.#parts;
    const { origin } = index.entry(id);
    if (origin.kind === "webllm") await deleteCached(hosts.weightsUrl(origin.modelUrl), origin.libraryUrl);
    else await store.service.remove(id);
    await index.forget(id);
    await this.#refresh();
  }

  /**
   * Reads again what is stored. Call it after a WebLLM model was loaded, because its library stores the weights itself.
   */
  async refresh(): Promise<void> {
    await this.#refresh();
  }

  /** Ends the store worker. Running downloads stop, and what has arrived is kept. */
  close(): void {
    this.#parts.store.end(storeClosed());
    this.#parts.records.close();
  }

  async #prepare(order: PackageOrder): Promise<ModelPackage> {
    const { origin, engine } = order.entry;
    try {
      if (origin.kind === "webllm") return await prepareWebLlm(this.#parts, order, origin);
      return await (engine === "wllama" ? prepareGguf(this.#parts, order) : prepareOnnx(this.#parts, order));
    } finally {
      await this.#refresh();
    }
  }

  async #addText(source: string | URL, signal: AbortSignal): Promise<string> {
    const { index, hosts } = this.#parts;
    const { id, name, origin } = readTextSource(source, hosts);
    if (index.has(id)) return id;
    const facts = await hosts.facts(origin, signal);
    if (origin.kind !== "webllm") this.#plan(facts.files, name);
    await index.remember(id, { added: { name, source: origin }, facts });
    return id;
  }

  async #addFiles(
    source: Iterable<File>,
    signal: AbortSignal,
    onProgress: (progress: LoadProgress) => void,
  ): Promise<string> {
    const { index, store } = this.#parts;
    const { name, files } = readFileSource(source);
    const listing = files.map(({ path, blob }) => ({ path, bytes: blob.size }));
    const planned = this.#plan(listing, name);
    const plan = "graph" in planned ? await withPickedData(planned, files, { name, signal }) : planned;
    const wanted = files.filter(({ path }) => plan.files.some((file) => file.path === path));
    const id = `files/${name}/${randomId(4)}`;
    const stored = await store.service.importFiles(id, wanted, {
      signal,
      onProgress: downloadProgress(name, onProgress),
    });
    const facts = { files: stored.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 })) };
    await index.remember(id, { added: { name, source: { kind: "files" } }, facts });
    return id;
  }

  /** The files of a model that is about to be added, on whatever backend runs it. Throws like `planOnnxFiles` and `planGgufFiles`. */
  #plan(listing: readonly ListedFile[], name: string): OnnxPlan | GgufPlan {
    const { device } = this.#parts;
    if (engineOf(listing) === "wllama") return planGgufFiles(listing, device, name);
    const choice = { listing, remembered: undefined, device, name };
    return planVariant({ ...choice, backend: backendOf({ ...choice, preferred: usualBackend(device) }) });
  }

  /** Reads again what is stored and tells the listeners. */
  async #refresh(): Promise<void> {
    await this.#parts.index.refresh();
    this.#show();
  }

  #show(): void {
    this.#list = this.#parts.index.list();
    this.emit("change", this.#list);
  }
}

/** Asks the browser not to evict the store. It may refuse, and then models may have to be downloaded again. */
async function askToPersist(): Promise<void> {
  try {
    await navigator.storage.persist();
  } catch {
    // This browser does not support it.
  }
}
