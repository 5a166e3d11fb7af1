/** The models of a node: loads them, notices their loss, and loads them again. */
import { errorToData, isAbort, onAbort, unlessAborted } from "../core";
import {
  type Backend,
  type DeviceInfo,
  type EngineName,
  type EngineSupervisor,
  type LoadProgress,
  type LoadedModelInfo,
  type ModelPackage,
  preferredBackend,
} from "../inference";
import { CopyDeleted, type ModelLibrary, clearLoading, crashedLoad, markLoading } from "../models";
import type { LoadState, ModelInfo } from "./types";
import { JointDownload } from "./joint-download";
import type { LocalProvider } from "./local-provider";
import { isUnfitForGpu, replacementNotice, withOffer } from "./replaced-variant";
import type { StateStore } from "./state-store";

export interface LoadChoice {
  readonly engine?: EngineName;
  readonly backend?: Backend;
}

interface ModelsOptions {
  readonly library: ModelLibrary;
  readonly supervisor: EngineSupervisor;
  readonly local: LocalProvider;
  readonly device: DeviceInfo;
  readonly store: StateStore;
  /** Called when the loaded models have changed. */
  onChange(): void;
}

/** A running load that several callers may wait for. */
interface Loading {
  readonly choice: LoadChoice;
  readonly abort: AbortController;
  done: Promise<void>;
  waiting: number;
}

/** After this many losses within a minute, models are not reloaded automatically. */
const MAX_RECOVERIES = 3;
const RECOVERY_WINDOW_MS = 60_000;

/** Loads, unloads and recovers models; keeps `loads` of the state up to date. */
export class NodeModels {
  readonly #options: ModelsOptions;
  readonly #loading = new Map<string, Loading>();
  /** Models that are ready, with their backends. */
  readonly #ready = new Map<string, Backend>();
  #recoveries: number[] = [];

  constructor(options: ModelsOptions) {
    this.#options = options;
    const { library, supervisor, store } = options;
    store.patch({ models: library.list() });
    library.on("change", (models) => store.patch({ models }));
    supervisor.on("lost", ({ reason, models }) => this.#lost(reason, models));
  }

  /**
   * The model over whose load the page died, if one did. It counts as failed and is not loaded again by itself this
   * time, so that a model too large for the device does not end every start.
   */
  tellCrash(): string | undefined {
    const id = crashedLoad();
    if (id === undefined) return undefined;
    const { store } = this.#options;
    const message = `The page died while it loaded “${id}”, probably for lack of memory. Choose a smaller model.`;
    store.notify({ id: "crashed-load", level: "warning", text: message });
    store.patch({
      loads: { ...store.state.loads, [id]: { kind: "failed", error: { code: "out-of-memory", message } } },
    });
    return id;
  }

  /** Models that are loaded or being loaded. */
  get wanted(): readonly { readonly id: string; readonly backend: Backend }[] {
    const { device } = this.#options;
    const loading = [...this.#loading].map(
      ([id, { choice }]) => [id, choice.backend ?? preferredBackend(device)] as const,
    );
    return [...new Map([...this.#ready, ...loading])].map(([id, backend]) => ({ id, backend }));
  }

  /** True while a model is being loaded. */
  get busy(): boolean {
    return this.#loading.size > 0;
  }

  /** Loads a model. Callers share one load, which stops when the last of them aborts. */
  async load(id: string, choice: LoadChoice, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#ready.has(id) && (!choice.backend || this.#ready.get(id) === choice.backend)) return;
    const running = this.#loading.get(id);
    const fits = running && (!choice.backend || running.choice.backend === choice.backend);
    if (!fits) this.cancel(id);
    const shared = fits ? running : this.#begin(id, choice);
    shared.waiting++;
    using _ = onAbort(signal, (reason) => {
      if (--shared.waiting === 0) this.#abandon(id, shared, reason);
    });
    await unlessAborted(shared.done, signal);
  }

  /** Stops a running load for all callers. */
  cancel(id: string): void {
    const loading = this.#loading.get(id);
    if (loading) this.#abandon(id, loading, new DOMException("The load was cancelled.", "AbortError"));
  }

  async unload(id: string): Promise<void> {
    this.cancel(id);
    this.#forget(id);
    await this.#options.supervisor.unload(id);
  }

  async remove(id: string): Promise<void> {
    await this.unload(id);
    await this.#options.library.remove(id);
  }

  async add(source: string | URL | FileList | File[]): Promise<ModelInfo> {
    return this.#options.library.add(source);
  }

  #begin(id: string, choice: LoadChoice): Loading {
    const loading: Loading = { choice, abort: new AbortController(), done: Promise.resolve(), waiting: 0 };
    this.#loading.set(id, loading);
    loading.done = this.#load(id, loading);
    this.#options.onChange();
    return loading;
  }

  /** Stops a load; later callers start a new one. */
  #abandon(id: string, loading: Loading, reason: unknown): void {
    if (this.#loading.get(id) === loading) {
      this.#loading.delete(id);
      this.#show(id, undefined);
    }
    loading.abort.abort(reason);
  }

  async #load(id: string, loading: Loading): Promise<void> {
    const { library, supervisor, local } = this.#options;
    const { signal } = loading.abort;
    const current = (): boolean => this.#loading.get(id) === loading;
    const onProgress = (progress: LoadProgress): void => {
      if (current()) this.#show(id, { kind: "loading", progress });
    };
    onProgress({
      phase: "download",
      loadedBytes: 0,
      totalBytes: 0,
      bytesPerSecond: 0,
      etaMs: undefined,
      text: "Starting",
    });
    try {
      const { pkg, info } = await this.#loadVariant(id, loading, onProgress);
      if (!current()) {
        // Cancelled too late to stop it. If another load has begun, that one replaces this model.
        if (!this.#loading.has(id)) await supervisor.unload(id);
        signal.throwIfAborted();
      }
      this.#ready.set(id, info.backend);
      const { checked } = info;
      this.#show(id, { kind: "ready", offer: local.add(info), ...(checked && { checked }) });
      // WebLLM stores the weights itself, so the library has to look again.
      if (pkg.engine === "webllm") void library.refresh();
    } catch (error) {
      if (!current()) throw error;
      local.delete(id);
      this.#ready.delete(id);
      const copyDeleted = error instanceof CopyDeleted;
      const failed = { kind: "failed", error: errorToData(error), ...(copyDeleted && { copyDeleted }) } as const;
      this.#show(id, isAbort(error) || signal.aborted ? undefined : failed);
      throw error;
    } finally {
      clearLoading(id);
      if (current()) this.#loading.delete(id);
      this.#options.onChange();
    }
  }

  /**
   * Loads the best variant of a model. One whose results are wrong is freed, and replaced by another one that is stored; if
   * that would have to be downloaded, the error names its size, and the next load takes it.
   */
  async #loadVariant(
    id: string,
    { choice, abort: { signal } }: Loading,
    onProgress: (progress: LoadProgress) => void,
  ): Promise<{ pkg: ModelPackage; info: LoadedModelInfo }> {
    const { library, supervisor, device, store } = this.#options;
    const { engine } = choice;
    const model = library.list().find((known) => known.id === id);
    let backend = choice.backend ?? library.backendFor(id, preferredBackend(device));
    for (;;) {
      let pkg: ModelPackage | undefined;
      const download = new JointDownload({ name: model?.name ?? id, modelBytes: bytesToLoad(model) }, onProgress);
      using runtime = supervisor.prepare(engine ?? model?.engine ?? "onnx", {
        ...{ signal, backend },
        onBytes: download.engine,
      });
      try {
        [pkg] = await Promise.all([
          library.prepare(id, { signal, backend, onProgress: download.model, ...(engine && { engine }) }),
          runtime.ready.then(() => download.engineDone()),
        ]);
        markLoading(id);
        return { pkg, info: await supervisor.load(pkg, { signal, backend, onProgress }) };
      } catch (error) {
        if (isAbort(error) || signal.aborted) throw error;
        if (!isUnfitForGpu(error, { backend, engine: model?.engine })) {
          throw pkg ? await library.afterFailedLoad(id, { error, backend }) : error;
        }
        const failed = { graph: library.graphOn(id, backend) ?? "", backend };
        const next = await library.replace(id, failed, choice.backend ? [backend] : [backend, "wasm"]);
        if (!next) throw error;
        // Before anything was downloaded, another variant may take the place of the first if it is not larger.
        const isSmall = !pkg && (next.downloadBytes ?? Infinity) <= (model?.downloadBytes ?? 0);
        if (!next.stored && !isSmall) throw withOffer(error, next);
        store.notify(replacementNotice({ id, name: model?.name ?? id }, error, failed, next));
        backend = next.backend;
      }
    }
  }

  /** The worker or the GPU is gone: its models are loaded again, and waiting answers then continue. */
  #lost(reason: string, models: readonly string[]): void {
    const now = performance.now();
    this.#recoveries = this.#recoveries.filter((at) => now - at < RECOVERY_WINDOW_MS);
    const again = models.filter((id) => this.#ready.has(id)).map((id) => ({ id, backend: this.#ready.get(id) }));
    for (const { id } of again) this.#forget(id);
    if (this.#recoveries.length >= MAX_RECOVERIES) {
      const message = `The engine was lost ${MAX_RECOVERIES + 1} times within a minute (${reason}). Close other tabs that use the GPU, choose a smaller model, and load it again.`;
      for (const { id } of again) this.#show(id, { kind: "failed", error: { code: "device-lost", message } });
      return;
    }
    this.#recoveries.push(now);
    this.#options.store.notify({
      id: "engine-lost",
      level: "warning",
      text: `The engine was lost (${reason}) and is being restored; running answers continue automatically.`,
    });
    const never = new AbortController().signal;
    const reloads = again.map(({ id, backend }) => this.load(id, backend ? { backend } : {}, never));
    void Promise.allSettled(reloads).then(() => this.#options.store.dismiss("engine-lost"));
  }

  #forget(id: string): void {
    this.#ready.delete(id);
    this.#options.local.delete(id);
    this.#show(id, undefined);
    this.#options.onChange();
  }

  #show(id: string, load: LoadState | undefined): void {
    const { [id]: _old, ...others } = this.#options.store.state.loads;
    this.#options.store.patch({ loads: load ? { ...others, [id]: load } : others });
  }
}

/** Bytes to download of a model; undefined while only an estimate is known. */
function bytesToLoad(model: ModelInfo | undefined): number | undefined {
  if (model?.stored === "yes") return 0;
  return model?.sizeIsEstimate ? undefined : model?.downloadBytes;
}
