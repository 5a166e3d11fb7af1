/** A bare page around the engine worker: browser tests drive the supervisor from here, with no app in between. */
import { spawnWorker, errorToData, type ErrorData } from "../../src/core";
import {
  DEFAULT_SAMPLING,
  EngineSupervisor,
  probeDevice,
  type Backend,
  type DeviceInfo,
  type GenerationEvent,
  type GenerationRequest,
  type LoadedModelInfo,
  type ModelPackage,
} from "../../src/inference";
import gpuWorker from "../../workers/gpu?worker&url";

/** A complete answer. */
export interface Answer {
  readonly events: readonly GenerationEvent[];
  readonly text: string;
  readonly ids: readonly number[];
  readonly error: ErrorData | undefined;
}

export type PartialRequest = Partial<GenerationRequest> & Pick<GenerationRequest, "messages">;

/** The functions that tests call in the page. */
export interface OnnxPage {
  /** Fetches a model's files from a folder and loads them; a `graph` that is a GGUF file is one for llama.cpp. */
  load(folder: string, graph: string, files: readonly string[], backend: Backend): Promise<LoadedModelInfo>;
  /** Answers a request; `leaveAfter` stops reading after that many token events, by aborting or by leaving the loop. */
  answer(
    model: string,
    request: PartialRequest,
    options?: { leaveAfter?: number; how?: "abort" | "leave" },
  ): Promise<Answer>;
  unload(model: string): Promise<void>;
  loseDevice(): Promise<boolean>;
  /** Ends the worker without telling the supervisor. */
  killWorker(): void;
  probe(): Promise<DeviceInfo>;
  readonly engines: EngineSupervisor;
  readonly lost: string[];
}

declare global {
  interface Window {
    onnx: OnnxPage;
  }
}

let worker: Worker | undefined;
const engines = new EngineSupervisor({ createWorker: () => (worker = spawnWorker(gpuWorker, "gpu")) });
const lost: string[] = [];
engines.on("lost", ({ reason, models }) => lost.push(`${models.join()}: ${reason}`));

async function fetchPackage(folder: string, graph: string, files: readonly string[]): Promise<ModelPackage> {
  const blobs = files.map(async (path) => {
    const response = await fetch(`${folder}/${path}`);
    if (!response.ok) throw new Error(`${folder}/${path}: ${response.status}`);
    return { path, blob: await response.blob() };
  });
  const id = folder.split("/").at(-1) ?? folder;
  if (graph.endsWith(".gguf"))
    return { engine: "wllama", id, name: id, packageHash: id, files: await Promise.all(blobs) };
  return { engine: "onnx", id, name: id, packageHash: id, graph, files: await Promise.all(blobs) };
}

window.onnx = {
  engines,
  lost,
  async load(folder, graph, files, backend) {
    const pkg = await fetchPackage(folder, graph, files);
    return engines.load(pkg, { backend, signal: new AbortController().signal, onProgress: () => undefined });
  },
  async answer(model, request, options = {}) {
    const events: GenerationEvent[] = [];
    const controller = new AbortController();
    let error: ErrorData | undefined;
    let tokens = 0;
    try {
      const full = { model, sampling: DEFAULT_SAMPLING, maxTokens: 200, ...request };
      for await (const event of engines.generate(full, { signal: controller.signal })) {
        events.push(event);
        if (event.type === "token" && ++tokens === options.leaveAfter) {
          if (options.how !== "abort") break;
          controller.abort();
        }
      }
    } catch (caught) {
      error = errorToData(caught);
    }
    const pieces = events.filter((event) => event.type === "token");
    return {
      events,
      text: pieces.map((event) => event.text).join(""),
      ids: pieces.flatMap((event) => [...event.ids]),
      error,
    };
  },
  unload: (model) => engines.unload(model),
  loseDevice: () => engines.simulateDeviceLoss(),
  killWorker: () => worker?.terminate(),
  probe: probeDevice,
};
