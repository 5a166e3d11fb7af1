/** The `webllm` engine: models compiled by MLC, run by the real WebLLM library on the GPU. */
import type { AppConfig, MLCEngine } from "@mlc-ai/web-llm";
import { MicrogridError, onAbort, unlessAborted } from "../../core";
import type { OnBytes } from "../fetch-ahead";
import { CHECK_TEXT } from "../queued-model";
import { ChatTokenizer } from "../tokenizer";
import type { Backend, Engine, LoadedModelInfo, LoadProgress, ModelPackage } from "../types";
import { contextLengthOf, parseChatConfig, parseEmbeddingConfig, samplingOf } from "./config";
import { WebLlmEmbedder, checkVectors } from "./embedder";
import { webllmError } from "./errors";
import type { WebLlmLibrary } from "./load-library";
import { WebLlmModel } from "./model";
import { checkAdapter, forgetLibrary, notALibrary, readParts, weightsObstacle, type WebLlmPackage } from "./preflight";
import { ProgressReader } from "./progress";
import { LogitsTap, TokenRunner } from "./runner";
import { abilitiesOf } from "./thinking";

const CHECK_DECODE_STEPS = 4;

interface LoadOptions {
  readonly signal: AbortSignal;
  readonly backend: Backend;
  onProgress(progress: LoadProgress): void;
}

interface PartOptions extends LoadOptions {
  /** Is told how far the model's library is. */
  readonly onLibrary: OnBytes;
}

/** Loads models for WebLLM. Each has a library engine, and so a GPU device, of its own. */
export class WebLlmEngine implements Engine {
  /** Loads run one after another: an aborted one still holds memory until it has come to its end. */
  #last: Promise<unknown> = Promise.resolve();
  readonly #library: WebLlmLibrary;

  /** `library` is what `loadWebLlm` gives. */
  constructor(library: WebLlmLibrary) {
    this.#library = library;
  }

  /**
   * Loads a model; the library downloads and keeps the weights. Throws `no-webgpu`, `shader-f16-missing`,
   * `not-a-model`, `file-missing`, `network`, `unsupported-model`, `quota-exceeded`, `out-of-memory`; aborting
   * rejects at once and frees everything as soon as the library lets go.
   */
  async load(pkg: ModelPackage, options: LoadOptions): Promise<WebLlmModel | WebLlmEmbedder> {
    if (pkg.engine !== "webllm") throw new MicrogridError("bad-request", `${pkg.name} is not a WebLLM model.`);
    if (options.backend !== "webgpu") {
      throw new MicrogridError(
        "unsupported-model",
        `${pkg.name} runs on the GPU only. Choose an ONNX model to run on the CPU.`,
      );
    }
    options.signal.throwIfAborted();
    await checkAdapter(pkg, f32Variant(pkg.id, this.#library));
    const progress = new ProgressReader(pkg.name);
    const onLibrary: OnBytes = (bytes) => options.onProgress(progress.library(bytes));
    return pkg.embeds
      ? this.#loadEmbedder(pkg, progress, { ...options, onLibrary })
      : this.#loadChat(pkg, progress, { ...options, onLibrary });
  }

  async #loadChat(pkg: WebLlmPackage, progress: ProgressReader, options: PartOptions): Promise<WebLlmModel> {
    const { signal } = options;
    const parts = await readParts(pkg, { ...options, parse: parseChatConfig });
    const tokenizer = await readTokenizer(parts.tokenizer, parts.tokenizerConfig);
    const contextLength = contextLengthOf(parts.config, pkg.overrides.contextLength);
    const tap = new LogitsTap();
    const runner = new TokenRunner(await this.#reload(pkg, progress, options, tap), pkg.id, tap);
    return freeingOnFailure(pkg, runner, signal, async () => {
      const check = await checkModel(runner, tokenizer, contextLength, signal);
      const sampling = samplingOf(parts.config);
      const chat = abilitiesOf(tokenizer);
      const info = { ...modelInfo(pkg, tokenizer.hash, contextLength, check), sampling, ...(chat && { chat }) };
      return new WebLlmModel({ info, template: parts.config.conv_template, tokenizer, runner });
    });
  }

  async #loadEmbedder(pkg: WebLlmPackage, progress: ProgressReader, options: PartOptions): Promise<WebLlmEmbedder> {
    const parts = await readParts(pkg, { ...options, parse: parseEmbeddingConfig });
    const { tokenizer: file, tokenizerConfig: config } = parts;
    const tokenizer = await ChatTokenizer.parse({ tokenizer: file, config, template: false });
    const contextLength = contextLengthOf(parts.config, pkg.overrides.contextLength);
    const engine = await this.#reload(pkg, progress, options);
    return freeingOnFailure(pkg, engine, options.signal, async () => {
      const { embedding, ...check } = await checkVectors(engine, pkg.id, tokenizer.encodeText(CHECK_TEXT));
      const info = { ...modelInfo(pkg, tokenizer.hash, contextLength, check), embedding };
      return new WebLlmEmbedder({ info, tokenizer, engine });
    });
  }

  async #reload(
    pkg: WebLlmPackage,
    progress: ProgressReader,
    { signal, onProgress }: LoadOptions,
    tap?: LogitsTap,
  ): Promise<MLCEngine> {
    const before = this.#last;
    let started = false;
    const engine = new this.#library.MLCEngine({
      appConfig: appConfigFor(pkg, this.#library),
      ...(tap && { logitProcessorRegistry: new Map([[pkg.id, tap]]) }),
      initProgressCallback: (report) => {
        started = true;
        onProgress(progress.read(report));
      },
      logLevel: "ERROR",
    });
    const { contextLength } = pkg.overrides;
    const run = before.then(async () => {
      signal.throwIfAborted();
      await engine.reload(pkg.id, contextLength === undefined ? {} : { context_window_size: contextLength });
    });
    // However an aborted load ends, its memory is freed before the next load begins.
    this.#last = run
      .catch(() => undefined)
      .then(() => (signal.aborted ? engine.unload().catch(() => undefined) : undefined));
    try {
      await abortable(run, signal, () => void engine.unload());
    } catch (error) {
      signal.throwIfAborted();
      await engine.unload().catch(() => undefined);
      throw await explain(error, pkg, { started, signal });
    }
    return engine;
  }
}

/** Makes a model of what was loaded, which is freed if that fails. */
async function freeingOnFailure<T>(
  pkg: WebLlmPackage,
  loaded: { unload(): Promise<void> },
  signal: AbortSignal,
  make: () => Promise<T>,
): Promise<T> {
  try {
    return await make();
  } catch (error) {
    await loaded.unload();
    throw signal.aborted ? error : webllmError(error, pkg.name);
  }
}

/** The model's own template does not write its chats here, so a model does without one that cannot be used. */
async function readTokenizer(tokenizer: string, config: string | undefined): Promise<ChatTokenizer> {
  try {
    return await ChatTokenizer.parse({ tokenizer, config, template: undefined });
  } catch {
    return ChatTokenizer.parse({ tokenizer, config, template: false });
  }
}

/** Waits for `work` until the signal aborts. `reload` takes no signal; only `unload` ends it. */
async function abortable(work: Promise<void>, signal: AbortSignal, stop: () => void): Promise<void> {
  using _ = onAbort(signal, stop);
  await unlessAborted(work, signal);
  // A stopped `reload` ends as if it had gone well.
  signal.throwIfAborted();
}

/** Finds the cause of an error, since the library's errors for weights and model libraries are vague. */
async function explain(
  error: unknown,
  pkg: WebLlmPackage,
  { started, signal }: { started: boolean; signal: AbortSignal },
): Promise<unknown> {
  const known = webllmError(error, pkg.name);
  if (known.code !== "internal") return known;
  // Before the weights, only the model's library has run. Its faults may also show later, when it is first called.
  const text = error instanceof Error ? `${error.name} ${error.message}` : String(error);
  if (!started || /LinkError|CompileError|RuntimeError|Cannot find (global )?function/i.test(text)) {
    await forgetLibrary(pkg);
    return notALibrary(pkg, error);
  }
  return (await weightsObstacle(pkg, signal)) ?? known;
}

/** The catalog's record where there is one, since it has overrides of its own, with the package's addresses. */
function appConfigFor(pkg: WebLlmPackage, { ModelType, prebuiltAppConfig }: WebLlmLibrary): AppConfig {
  const known = prebuiltAppConfig.model_list.find((record) => record.model_id === pkg.id);
  const record = {
    ...known,
    model_id: pkg.id,
    model: pkg.modelUrl,
    model_lib: pkg.libraryUrl,
    required_features: [...pkg.requiredFeatures],
    ...(pkg.manifest !== undefined && { model_manifest: pkg.manifest }),
    ...(pkg.embeds && { model_type: ModelType.embedding }),
  };
  return { model_list: [record] };
}

function f32Variant(id: string, { prebuiltAppConfig }: WebLlmLibrary): string | undefined {
  const variant = id.replace(/q(\d)f16/, "q$1f32");
  return variant !== id && prebuiltAppConfig.model_list.some((record) => record.model_id === variant)
    ? variant
    : undefined;
}

interface CheckResult {
  readonly prefillRate: number;
  readonly decodeRate?: number;
  readonly prefillChunk: number;
}

/** Runs a known text: a GPU that is out of memory can answer with nonsense instead of an error. */
async function checkModel(
  runner: TokenRunner,
  tokenizer: ChatTokenizer,
  contextLength: number,
  signal: AbortSignal,
): Promise<CheckResult> {
  const ids = tokenizer.encode(CHECK_TEXT).slice(0, Math.max(1, contextLength - CHECK_DECODE_STEPS));
  const startTime = performance.now();
  const { logits } = await runner.prefill(ids, { asker: undefined, signal });
  const prefilledTime = performance.now();
  if (logits.some(Number.isNaN) || logits.every((value) => value === logits[0])) {
    throw new MicrogridError(
      "out-of-memory",
      "The model computes nonsense on this GPU, mostly for lack of memory. Close other tabs, or choose a smaller model.",
    );
  }
  for (let step = 0; step < CHECK_DECODE_STEPS; step++) await runner.decode(ids[step % ids.length] ?? 0);
  const endTime = performance.now();
  return {
    prefillRate: (ids.length / (prefilledTime - startTime)) * 1000,
    decodeRate: (CHECK_DECODE_STEPS / (endTime - prefilledTime)) * 1000,
    prefillChunk: ids.length,
  };
}

function modelInfo(
  pkg: WebLlmPackage,
  tokenizerHash: string,
  contextLength: number,
  check: CheckResult,
): LoadedModelInfo {
  const { id, name, packageHash } = pkg;
  return {
    id,
    name,
    packageHash,
    tokenizerHash,
    engine: "webllm",
    backend: "webgpu",
    contextLength,
    ...check,
    kvInPlace: true,
  };
}
