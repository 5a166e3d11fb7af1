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
import { GpuCandidates, holdsLikeliest } from "../../src/inference/onnx/gpu-candidates";
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
  /**
   * Selects the likeliest of random logits on the GPU, the last two rows of three. For each row: whether the selection is right,
   * and its size; undefined if all logits are to be read.
   */
  likeliest(
    type: "float32" | "float16",
    options: { vocabulary: number; count: number; levels: number; noNumbers?: boolean },
  ): Promise<readonly { right: boolean; size: number }[] | undefined>;
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
  async likeliest(type, { vocabulary, count, levels, noNumbers = false }) {
    const device = await (await navigator.gpu.requestAdapter())!.requestDevice();
    // Few levels make many tokens equally likely. All levels are halves as well.
    const row = (seed: number) =>
      Float32Array.from({ length: vocabulary }, (_, id) => {
        const draw = Math.floor((((id + seed) * 2654435761) % 2 ** 32) / 2 ** 8);
        if (noNumbers && draw % 7 === 0) return draw % 2 === 0 ? Number.NaN : Number.NEGATIVE_INFINITY;
        return ((draw >> 12) % levels) / 64 - 8;
      });
    const rows = [row(1), row(20_000), row(70_000)];
    const numbers = rows.flatMap((each) => [...each]);
    const data = type === "float32" ? Float32Array.from(numbers) : Uint16Array.from(numbers, halfOf);
    const size = Math.ceil(data.byteLength / 16) * 16;
    const buffer = device.createBuffer({ size, usage: GPUBufferUsage.STORAGE, mappedAtCreation: true });
    new Uint8Array(buffer.getMappedRange()).set(new Uint8Array(data.buffer));
    buffer.unmap();
    const place = { buffer, type, first: vocabulary, rows: 2, vocabulary };
    const selected = await new GpuCandidates(device).select(place, count);
    device.destroy();
    return selected?.map((each, index) => ({
      right: holdsLikeliest(each, rows[index + 1]!, count),
      size: each.filter((value) => value !== Number.NEGATIVE_INFINITY).length,
    }));
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

/** Half precision of a number that is a multiple of 1/64 between −8 and 8, or no number. */
function halfOf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 ? 0x8000 : 0;
  if (!Number.isFinite(value)) return sign | 0x7c00;
  if (value === 0) return 0;
  const exponent = Math.floor(Math.log2(Math.abs(value)));
  return sign | ((exponent + 15) << 10) | ((Math.abs(value) / 2 ** exponent - 1) * 1024);
}
