/** The `wllama` engine: GGUF files, run by llama.cpp on the CPU. */
import type { Wllama } from "@wllama/wllama/esm/index.js";
import { MicrogridError, deferred, fileSource, onAbort } from "../../core";
import { type GgufFacts, readGguf, tokenizerFiles } from "../../gguf";
import type { EngineFiles } from "../engine-files";
import { threadCount } from "../threads";
import { ChatTokenizer } from "../tokenizer";
import type { Backend, Engine, LoadProgress, ModelPackage } from "../types";
import { llamaError, workerStopped } from "./errors";
import { createLlama, endLlama, withBaseUri } from "./library";
import { contextFor } from "./memory";
import { WllamaModel } from "./model";
import { LlamaRunner, MAX_PREFILL_CHUNK } from "./runner";
import { checkAnswer, checkTokenizer } from "./self-check";

/** The key in a file's metadata that says that its weights are random, for tests. */
const UNTRAINED = "microgrid.untrained";

type GgufPackage = Extract<ModelPackage, { engine: "wllama" }>;

interface LoadOptions {
  readonly signal: AbortSignal;
  readonly backend: Backend;
  onProgress(progress: LoadProgress): void;
}

/** Loads GGUF models. Each has a library worker of its own. */
export class WllamaEngine implements Engine {
  readonly #files: EngineFiles["wllama"];
  readonly #onCrash: (error: unknown) => void;
  /** Loads run one after another: each takes much memory for a while. */
  #last: Promise<unknown> = Promise.resolve();

  /** `onCrash` is told of a library worker that stopped under a loaded model. */
  constructor({ files, onCrash }: { files: EngineFiles["wllama"]; onCrash(error: unknown): void }) {
    this.#files = files;
    this.#onCrash = onCrash;
  }

  /**
   * Loads a model and checks it. Throws `not-a-model`, `file-corrupt`, `unsupported-model`, `wrong-results`, `out-of-memory` or
   * `worker-crashed`; aborting rejects with the signal's reason and frees everything at once.
   */
  load(pkg: ModelPackage, options: LoadOptions): Promise<WllamaModel> {
    if (pkg.engine !== "wllama") throw new MicrogridError("bad-request", `${pkg.name} is not a GGUF model.`);
    const loaded = this.#last.then(() => this.#load(pkg, options));
    this.#last = loaded.catch(() => undefined);
    return loaded;
  }

  async #load(pkg: GgufPackage, options: LoadOptions): Promise<WllamaModel> {
    const { signal } = options;
    signal.throwIfAborted();
    const totalBytes = pkg.files.reduce((sum, { blob }) => sum + blob.size, 0);
    const report = (phase: LoadProgress["phase"], text: string): void =>
      options.onProgress({ phase, loadedBytes: totalBytes, totalBytes, bytesPerSecond: 0, etaMs: undefined, text });
    report("read", "Reading the model");
    const facts = await readGguf(fileSource(pkg.files[0]!.blob, signal));
    const tokenizer = await parseTokenizer(facts);
    const context = contextFor(facts, totalBytes);
    const crashed = deferred<never>();
    crashed.promise.catch(() => undefined);
    const llama = await createLlama(this.#files, (detail) => crashed.reject(workerStopped(detail)));
    using _ = onAbort(signal, () => crashed.reject(signal.reason));
    const alive = <T>(work: Promise<T>): Promise<T> => Promise.race([work, crashed.promise]);
    try {
      report("compile", "Preparing the CPU");
      const blobs = pkg.files.map(({ blob }) => blob);
      const settings = { n_ctx: context, n_batch: MAX_PREFILL_CHUNK, n_threads: threadCount() };
      await alive(withBaseUri(() => llama.loadModel(blobs, settings)));
      report("check", "Checking the model");
      await alive(checkTokenizer(tokenizer, llama));
      const model = await alive(this.#finish(pkg, { llama, facts, tokenizer, context, signal }));
      crashed.promise.catch((error: unknown) => {
        if (!model.unloading.aborted && !signal.aborted) this.#onCrash(error);
      });
      return model;
    } catch (error) {
      endLlama(llama);
      throw signal.aborted ? signal.reason : llamaError(error, pkg.name);
    }
  }

  async #finish(
    { id, name, packageHash }: GgufPackage,
    load: { llama: Wllama; facts: GgufFacts; tokenizer: ChatTokenizer; context: number; signal: AbortSignal },
  ): Promise<WllamaModel> {
    const { llama, facts, tokenizer, context, signal } = load;
    const { n_vocab: vocabulary, list_tokens_eog: ends } = llama.getLoadedContextInfo();
    const runner = new LlamaRunner(llama, vocabulary);
    const trained = facts.metadata.get(UNTRAINED) !== true;
    const check = await checkAnswer(runner, tokenizer, { vocabulary, trained, signal });
    return new WllamaModel({
      info: {
        ...{ id, name, packageHash, tokenizerHash: tokenizer.hash, engine: "wllama", backend: "wasm" },
        ...{ contextLength: context, chat: tokenizer.abilities },
        ...check,
      },
      ...{ tokenizer, runner, endIds: new Set([...ends, ...tokenizer.endIds]) },
      end: () => endLlama(llama),
    });
  }
}

async function parseTokenizer(facts: GgufFacts): Promise<ChatTokenizer> {
  const { tokenizer, config } = tokenizerFiles(facts.metadata);
  return ChatTokenizer.parse({ tokenizer, config, template: facts.chatTemplate });
}
