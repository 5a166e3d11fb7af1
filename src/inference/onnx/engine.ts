/** The `onnx` engine: decoder graphs on ONNX Runtime Web, on the GPU or on the CPU. */
import type { InferenceSession } from "onnxruntime-web";
import { enginePart } from "../engine-part";
import { MicrogridError, unless } from "../../core";
import { deviceMemoryBytes } from "../device";
import type { EngineFiles } from "../engine-files";
import type { OnBytes } from "../fetch-ahead";
import { CHECK_TEXT } from "../queued-model";
import type { PipelinePackage, SampleLayers, StageLimits, StagePackage, StageService } from "../stages";
import type { Backend, Engine, LayerCheck, LoadProgress, LoadedModel, LoadedModelInfo, ModelPackage } from "../types";
import { BatchingDecoder } from "./batching-decoder";
import { cacheBudget } from "./cache/budget";
import { CachePool } from "./cache/pool";
import { loadEmbedder } from "./embedder";
import { engineError } from "./errors";
import { type GpuDevice, requestGpuDevice } from "./gpu-device";
import { type GraphSpec, readGraphSpec } from "./graph-spec";
import { KeptTokenizer } from "./kept-tokenizer";
import { checkLayersOnGpu } from "./layer-check";
import { OnnxModel } from "./model";
import { type ReadPackage, readPackage } from "./package-files";
import type { Bench } from "./pipeline-parts";
import { knownAnswer } from "../plausibility";
import type { RingSequence } from "./ring-decoder";
import { ModelRunner } from "./runner";
import { type Ort, fetchOrt, loadOrt } from "./runtime";
import { cacheFactories, createSession } from "./session";
import { CHECK_TOKENS, type CheckResult, checkModel } from "./self-check";
import type { OnnxStage } from "./stage";
import { TurnQueue } from "./turns";

/** Conversations whose caches are kept. */
const MAX_IDLE_CACHES = 8;

/** Tokens of the self-check's text: on the GPU, larger chunks are tried too. */
const CHECK_TEXT_TOKENS: Record<Backend, number> = { webgpu: 256, wasm: CHECK_TOKENS };

/** Loads and runs ONNX repositories: decoders that chat, and models that make embeddings. One per worker, since all its models share one run queue. */
export class OnnxEngine implements Engine {
  readonly #turns = new TurnQueue();
  readonly #loadRuntime: (backend: Backend) => Promise<Ort>;
  readonly #files: EngineFiles["ort"] | undefined;
  readonly #onDeviceLost: (error: unknown) => void;
  readonly #sampleLayers: SampleLayers | undefined;
  /** Whole models in memory, which may guess for those in parts. */
  readonly #models = new Map<string, OnnxModel>();
  /** That of the model which is being loaded: a load that fails is followed by another variant. */
  readonly #tokenizer = new KeptTokenizer();
  #gpu: Promise<GpuDevice> | undefined;

  /**
   * `files`: the addresses of the runtime's files.
   * `onDeviceLost` is called when a device goes away under a loaded model, with or without an answer running.
   * With `sampleLayers`, single layers of a model on the GPU are compared with the CPU's results.
   * `loadRuntime` replaces how ONNX Runtime is found; unit tests outside a browser need that.
   */
  constructor(
    options: {
      files?: EngineFiles["ort"];
      onDeviceLost?(error: unknown): void;
      sampleLayers?: SampleLayers;
      loadRuntime?(backend: Backend): Promise<Ort>;
    } = {},
  ) {
    this.#loadRuntime = options.loadRuntime ?? ((backend) => loadOrt(backend, options.files));
    this.#files = options.files;
    this.#sampleLayers = options.sampleLayers;
    this.#onDeviceLost = options.onDeviceLost ?? (() => undefined);
  }

  /** Fetches the runtime for `backend` into the browser's cache. */
  prepare(options: { signal: AbortSignal; backend: Backend; onBytes: OnBytes }): Promise<void> {
    return fetchOrt(options.backend, this.#files, options);
  }

  /**
   * Loads a model and checks it. Throws `file-missing`, `file-corrupt`, `not-a-model`, `unsupported-model`,
   * `wrong-results`, `no-webgpu`, `shader-f16-missing`, `gpu-unfit`, `out-of-memory` or `device-lost`; aborting rejects with the signal's reason and frees everything.
   */
  async load(
    pkg: ModelPackage,
    options: { signal: AbortSignal; backend: Backend; onProgress(progress: LoadProgress): void },
  ): Promise<LoadedModel> {
    if (pkg.engine !== "onnx") throw new MicrogridError("bad-request", `${pkg.name} is not an ONNX model.`);
    const { signal, backend } = options;
    signal.throwIfAborted();
    const totalBytes = pkg.files.reduce((sum, file) => sum + file.blob.size, 0);
    const report = (phase: LoadProgress["phase"], loadedBytes: number, text: string): void =>
      options.onProgress({ phase, loadedBytes, totalBytes, bytesPerSecond: 0, etaMs: undefined, text });
    report("read", 0, "Reading the model");
    const files = await readPackage(pkg, { signal, parse: (texts) => this.#tokenizer.parse(texts) });
    try {
      const { embeddings: output } = files;
      const spec = output ? undefined : readGraphSpec(files.graph, files);
      const ort = await this.#loadRuntime(backend);
      signal.throwIfAborted();
      report("compile", totalBytes, backend === "webgpu" ? "Preparing the GPU" : "Preparing the CPU");
      const gpu = backend === "webgpu" ? await this.#sharedGpu() : undefined;
      const create = (device: GpuDevice | undefined) =>
        this.#turns.run(() => createSession(ort, files, device, { signal, expand: true }), { signal });
      const onCheck = (): void => report("check", totalBytes, "Checking the model");
      if (!spec) {
        const lost = gpu?.lost ?? never();
        const createOn = (place: Backend) => create(place === "wasm" ? undefined : gpu);
        const bench = { ort, backend, lost, turns: this.#turns, createSession: createOn, onCheck };
        const embedder = await loadEmbedder(bench, pkg, { files, output: output!, signal });
        this.#watch(embedder, lost);
        return embedder;
      }
      const checked = gpu && (await this.#checkLayers(ort, gpu, files, signal));
      const session = await create(gpu);
      return await this.#finish({ ort, gpu, session, spec, files, pkg, signal, checked, onCheck });
    } catch (error) {
      throw signal.aborted ? signal.reason : engineError(error, backend);
    }
  }

  /** Loads a stage of a model, for a pipeline. Throws as `load` does. */
  loadStage(
    pkg: StagePackage,
    options: { signal: AbortSignal; backend: Backend; limits: StageLimits },
  ): Promise<OnnxStage> {
    return this.#loadPart(options, async (bench) => {
      const { loadStage } = await enginePart(() => import("./pipeline-parts"));
      return loadStage(bench, pkg, options);
    });
  }

  /** Loads the two ends of a model whose middle is reached through `ring`. Throws as `load` does. */
  loadEnds(
    pkg: PipelinePackage,
    options: { signal: AbortSignal; backend: Backend; ring: StageService },
  ): Promise<OnnxModel<RingSequence>> {
    return this.#loadPart(options, async (bench) => {
      const { loadEnds } = await enginePart(() => import("./pipeline-parts"));
      return loadEnds(bench, pkg, options);
    });
  }

  /**
   * Fault injection for tests: destroys the GPU device as a driver crash would, so that `device.lost` resolves.
   * Returns false if no model runs on the GPU.
   */
  simulateDeviceLoss(): boolean {
    void this.#gpu?.then(({ device }) => device.destroy());
    return this.#gpu !== undefined;
  }

  async #loadPart<T>(
    { signal, backend }: { readonly signal: AbortSignal; readonly backend: Backend },
    load: (bench: Bench) => Promise<T>,
  ): Promise<T> {
    try {
      const ort = await this.#loadRuntime(backend);
      const gpu = backend === "webgpu" ? await this.#sharedGpu() : undefined;
      signal.throwIfAborted();
      const lost = gpu?.lost ?? never();
      return await load({ ort, backend, gpu, lost, turns: this.#turns, models: this.#models });
    } catch (error) {
      throw signal.aborted ? signal.reason : engineError(error, backend);
    }
  }

  #sharedGpu(): Promise<GpuDevice> {
    this.#gpu ??= requestGpuDevice();
    this.#gpu.catch(() => (this.#gpu = undefined));
    return this.#gpu;
  }

  /** Tries the GPU on single layers before the whole model takes its memory. Throws `wrong-results`. */
  async #checkLayers(
    ort: Ort,
    gpu: GpuDevice,
    files: ReadPackage,
    signal: AbortSignal,
  ): Promise<LayerCheck | undefined> {
    const sample = await this.#sampleLayers?.(files, { signal });
    if (!sample) return undefined;
    const { contextLength, window } = files;
    return checkLayersOnGpu(sample, { ort, gpu, turns: this.#turns, shape: files, contextLength, window, signal });
  }

  /** A model is in memory now. */
  #watch(model: { readonly unloading: AbortSignal }, lost: Promise<never>): void {
    lost.catch((error: unknown) => {
      if (!model.unloading.aborted) this.#onDeviceLost(error);
    });
    this.#tokenizer.forget();
  }

  async #finish(load: {
    ort: Ort;
    gpu: GpuDevice | undefined;
    session: InferenceSession;
    spec: GraphSpec;
    files: ReadPackage;
    pkg: Extract<ModelPackage, { engine: "onnx" }>;
    signal: AbortSignal;
    checked: LayerCheck | undefined;
    onCheck(): void;
  }): Promise<OnnxModel> {
    const { ort, gpu, session, spec, files, pkg, signal } = load;
    const backend: Backend = gpu ? "webgpu" : "wasm";
    try {
      const lost = gpu?.lost ?? never();
      const runner = new ModelRunner(ort, session, spec, gpu?.device);
      const caches = cacheFactories(ort, spec, gpu?.device, files.contextLength);
      load.onCheck();
      const ids = checkIds(files, CHECK_TEXT_TOKENS[backend]);
      const unlessLost = unless(lost);
      const known = knownAnswer(files.tokenizer);
      const check = await checkModel(
        { runner, ids, ...caches, known, rounds: spec.rounds, trained: !files.untrained },
        { turn: (work) => unlessLost(this.#turns.run(work, { signal })) },
      );
      const info = modelInfo(pkg, files, backend, { ...check, checked: load.checked });
      const { places, ...bounds } = cacheBudget({
        backend,
        modelBytes: pkg.files.reduce((sum, { blob }) => sum + blob.size, 0),
        memoryBytes: deviceMemoryBytes(),
        contextLength: files.contextLength,
        spec,
      });
      const create = check.kvInPlace ? (caches.inPlace ?? caches.plain) : caches.plain;
      const model = new OnnxModel({
        info,
        parts: {
          tokenizer: files.tokenizer,
          decoder: (turn) => new BatchingDecoder({ runner, turn, enabled: spec.batches[backend] }),
          release: () => {
            this.#models.delete(pkg.id);
            return runner.release();
          },
          pool: new CachePool({ create, ...bounds, maxCount: MAX_IDLE_CACHES }),
          eosIds: files.eosIds,
          contextLength: files.contextLength,
          prefillChunk: check.prefillChunk,
          maxDraft: 0,
        },
        turns: this.#turns,
        places,
        lost,
      });
      this.#watch(model, lost);
      this.#models.set(pkg.id, model);
      return model;
    } catch (error) {
      await this.#turns.run(() => session.release()).catch(() => undefined);
      throw error;
    }
  }
}

function checkIds(files: ReadPackage, wanted: number): number[] {
  const ids = files.tokenizer.encode(CHECK_TEXT);
  const count = Math.min(wanted, files.contextLength);
  return Array.from({ length: count }, (_, index) => ids[index % ids.length] ?? 0);
}

function modelInfo(
  pkg: ModelPackage,
  files: ReadPackage,
  backend: Backend,
  check: CheckResult & { readonly checked: LayerCheck | undefined },
): LoadedModelInfo {
  return {
    id: pkg.id,
    name: pkg.name,
    packageHash: pkg.packageHash,
    tokenizerHash: files.tokenizer.hash,
    engine: "onnx",
    backend,
    contextLength: files.contextLength,
    sampling: files.sampling,
    chat: files.tokenizer.abilities,
    ...check,
  };
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}
