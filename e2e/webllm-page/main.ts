/** A bare page around the WebLLM engine in the engine worker: browser tests drive it from here. */
import { errorToData, spawnWorker, type ErrorData } from "../../src/core";
import {
  DEFAULT_SAMPLING,
  EngineSupervisor,
  type Backend,
  type GenerationEvent,
  type GenerationRequest,
  type LoadedModelInfo,
  type LoadProgress,
} from "../../src/inference";
import gpuWorker from "../../workers/gpu?worker&url";

/** Addresses of a model, and what it needs. */
export interface WebLlmSource {
  readonly id?: string;
  readonly modelUrl: string;
  readonly libraryUrl: string;
  readonly requiredFeatures?: readonly string[];
}

/** How a call ended. */
export type Ended<T> = { readonly value: T } | { readonly error: ErrorData };

/** A complete answer, or one that stopped with an `error`. */
export interface Answer {
  readonly text: string;
  readonly ids: readonly number[];
  readonly events: readonly GenerationEvent[];
  readonly error: ErrorData | undefined;
}

/** The functions that tests call in the page. */
export interface WebLlmPage {
  load(source: WebLlmSource, options?: { backend?: Backend; abortAt?: string }): Promise<Ended<LoadedModelInfo>>;
  progress(): readonly LoadProgress[];
  /** Answers a request; `leaveAfter` stops reading after that many token events. */
  answer(
    request: Partial<GenerationRequest> & Pick<GenerationRequest, "messages">,
    leaveAfter?: number,
  ): Promise<Answer>;
}

declare global {
  interface Window {
    webllm: WebLlmPage;
  }
}

const engines = new EngineSupervisor({ createWorker: () => spawnWorker(gpuWorker, "gpu") });
let progress: LoadProgress[] = [];
let loaded = "";

window.webllm = {
  async load({ id = "model", modelUrl, libraryUrl, requiredFeatures = [] }, { backend = "webgpu", abortAt } = {}) {
    progress = [];
    loaded = id;
    const controller = new AbortController();
    if (abortAt === "now") setTimeout(() => controller.abort());
    try {
      const pkg = {
        engine: "webllm",
        id,
        name: id,
        packageHash: id,
        modelUrl,
        libraryUrl,
        requiredFeatures,
        overrides: {},
      } as const;
      const onProgress = (step: LoadProgress): void => {
        progress.push(step);
        if (step.phase === abortAt) controller.abort();
      };
      return { value: await engines.load(pkg, { backend, signal: controller.signal, onProgress }) };
    } catch (error) {
      return { error: errorToData(error) };
    }
  },
  progress: () => progress,
  async answer(request, leaveAfter) {
    const events: GenerationEvent[] = [];
    let error: ErrorData | undefined;
    try {
      const full = { model: loaded, sampling: DEFAULT_SAMPLING, maxTokens: 32, ...request };
      for await (const event of engines.generate(full, { signal: new AbortController().signal })) {
        events.push(event);
        if (events.filter(({ type }) => type === "token").length === leaveAfter) break;
      }
    } catch (caught) {
      error = errorToData(caught);
    }
    const tokens = events.filter((event) => event.type === "token");
    return { events, text: tokens.map(({ text }) => text).join(""), ids: tokens.flatMap(({ ids }) => [...ids]), error };
  },
};
