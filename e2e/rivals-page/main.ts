/** A bare page around other runtimes of language models, as their own documentation uses them, for side-by-side measurements. */
import { Wllama } from "@wllama/wllama/esm/index.js";
import multi from "@wllama/wllama/esm/multi-thread/wllama.wasm?url";
import single from "@wllama/wllama/esm/single-thread/wllama.wasm?url";

/** When the tokens of an answer came, in milliseconds. */
export interface RivalAnswer {
  readonly at: readonly number[];
  readonly startedAt: number;
}

/** A runtime with a model in it. */
interface Rival {
  /** The greedy answer to a prompt that is written already. */
  answer(prompt: string, maxTokens: number): Promise<RivalAnswer>;
}

/** The functions that the benchmark calls in the page. */
export interface RivalsPage {
  wllama(model: string, threads: number): Promise<void>;
  /** `library` is the folder of the library's own build, and `models` that of its models. */
  transformers(library: string, models: string, options: TransformersOptions): Promise<void>;
  answer(prompt: string, maxTokens: number): Promise<RivalAnswer>;
}

/** How transformers.js runs a model. */
interface TransformersOptions {
  /** Folder of the model below that of all models. */
  readonly model: string;
  readonly dtype: string;
  readonly threads: number;
  readonly device: "wasm" | "webgpu";
  /** Whether the weights are in a file of their own. */
  readonly external: boolean;
}

/** The part of transformers.js that is used. */
interface Transformers {
  readonly env: {
    allowRemoteModels: boolean;
    localModelPath: string;
    allowLocalModels: boolean;
    useBrowserCache: boolean;
    readonly backends: { readonly onnx: { readonly wasm: { wasmPaths: string; numThreads: number } } };
  };
  pipeline(task: string, model: string, options: object): Promise<Generator>;
  readonly TextStreamer: new (tokenizer: unknown, options: object) => object;
}

interface Generator {
  (prompt: string, options: object): Promise<unknown>;
  readonly tokenizer: unknown;
}

declare global {
  interface Window {
    rivals: RivalsPage;
  }
}

let rival: Rival | undefined;

window.rivals = {
  async wllama(model, threads) {
    const paths = { "single-thread/wllama.wasm": single, "multi-thread/wllama.wasm": multi };
    const wllama = new Wllama(paths, { suppressNativeLog: true });
    await wllama.loadModel([await (await fetch(model)).blob()], { n_ctx: 1024, n_threads: threads });
    rival = {
      async answer(prompt, maxTokens) {
        const at: number[] = [];
        await wllama.kvClear();
        const startedAt = performance.now();
        const sampling = { temp: 0 };
        const onNewToken = (): number => at.push(performance.now());
        await wllama.createCompletion(prompt, { nPredict: maxTokens, sampling, onNewToken });
        return { at, startedAt };
      },
    };
  },
  async transformers(library, models, { model, dtype, threads, device, external }) {
    const { env, pipeline, TextStreamer } = (await import(
      /* @vite-ignore */ new URL(`${library}transformers.min.js`, location.href).href
    )) as Transformers;
    env.allowRemoteModels = false;
    env.allowLocalModels = true;
    env.useBrowserCache = false;
    // The library takes addresses for those of hosts.
    env.localModelPath = new URL(models, location.href).pathname;
    env.backends.onnx.wasm.wasmPaths = new URL(library, location.href).href;
    env.backends.onnx.wasm.numThreads = threads;
    const generate = await pipeline("text-generation", model, { dtype, device, use_external_data_format: external });
    rival = {
      async answer(prompt, maxTokens) {
        const at: number[] = [];
        const count = (): number => at.push(performance.now());
        const streamer = new TextStreamer(generate.tokenizer, {
          skip_prompt: true,
          token_callback_function: count,
          callback_function: () => undefined,
        });
        const startedAt = performance.now();
        const length = { max_new_tokens: maxTokens, min_new_tokens: maxTokens };
        await generate(prompt, { ...length, do_sample: false, add_special_tokens: false, streamer });
        return { at, startedAt };
      },
    };
  },
  answer(prompt, maxTokens) {
    if (!rival) throw new Error("No runtime has a model yet.");
    return rival.answer(prompt, maxTokens);
  },
};
