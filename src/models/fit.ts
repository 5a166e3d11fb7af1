/** Decides whether a model fits this device, and says why if it does not. */
import { LARGEST_WASM_BYTES, formatBytes } from "../core";
import type { DeviceInfo } from "../inference";
import type { ModelEntry } from "./entry";
import type { ModelInfo, Obstacle } from "./types";

/** Browsers report at most about this much memory, so a device that reports it may have more. */
const CAPPED_MEMORY_BYTES = 8 * 2 ** 30;
/** Share of a device's memory that one tab can expect to use. */
const USABLE_MEMORY_SHARE = 0.75;

/** A model's requirements on this device, as far as they are known. */
interface Needs {
  readonly memoryBytes: number | undefined;
  /** Bytes of weights that WebAssembly would have to hold; absent if unknown, or if the model runs on the GPU. */
  readonly wasmBytes?: number | undefined;
  /** Bytes of the graph's largest weight if a GPU has to hold it; absent if unknown. */
  readonly largestWeightBytes?: number | undefined;
  /** The catalog's name of the same model with 32-bit arithmetic, if it has one. */
  readonly f32Variant: string | undefined;
}

/** Decides whether a model fits. If a need is unknown, it counts as met; loading will show it. */
export function fitOf(entry: ModelEntry, needs: Needs, device: DeviceInfo): ModelInfo["fit"] {
  return (
    (entry.origin.kind === "webllm" ? webllmObstacle(entry, needs.f32Variant, device) : undefined) ??
    bufferObstacle(entry, needs.largestWeightBytes, device) ??
    wasmObstacle(entry, needs.wasmBytes) ??
    memoryObstacle(needs.memoryBytes, device) ?? { fits: true }
  );
}

type Unfit = Extract<ModelInfo["fit"], { fits: false }>;

function unfit(obstacle: Obstacle, reason: string): Unfit {
  return { fits: false, obstacle, reason };
}

function webllmObstacle(entry: ModelEntry, f32Variant: string | undefined, device: DeviceInfo): Unfit | undefined {
  if (entry.origin.kind !== "webllm") return undefined;
  const { webgpu, webgpuMissing } = device;
  if (!webgpu) {
    const why = webgpuMissing === undefined ? "" : ` (${webgpuMissing})`;
    return unfit("no-gpu", `It runs on the GPU only, and this browser has no WebGPU${why}.`);
  }
  if (webgpu.software) return unfit("no-gpu", "It runs on the GPU only, and WebGPU runs in software here.");
  const missing = entry.origin.requiredFeatures.find((feature) => !webgpu.features.includes(feature));
  if (missing === "shader-f16") {
    const advice = f32Variant === undefined ? "" : ` Use ${f32Variant} instead.`;
    return unfit(
      "gpu-ability",
      `It needs 16-bit arithmetic (shader-f16), which this GPU does not offer to the browser.${advice}`,
    );
  }
  if (missing === undefined) return undefined;
  return unfit("gpu-ability", `It needs the GPU feature ${missing}, which is missing here.`);
}

function bufferObstacle(
  { origin }: ModelEntry,
  largestWeightBytes: number | undefined,
  { webgpu }: DeviceInfo,
): Unfit | undefined {
  const needed = origin.kind === "webllm" ? origin.largestBufferBytes : largestWeightBytes;
  if (needed === undefined || !webgpu) return undefined;
  // ONNX Runtime binds a large buffer in several pieces.
  const binding = origin.kind === "webllm" ? webgpu.maxStorageBufferBindingSize : Infinity;
  const limit = Math.min(webgpu.maxBufferSize, binding);
  if (needed <= limit) return undefined;
  return unfit(
    "gpu-ability",
    `It needs ${formatBytes(needed)} in one piece, but this GPU gives at most ${formatBytes(limit)} to the browser.`,
  );
}

function wasmObstacle({ engine }: ModelEntry, needed: number | undefined): Unfit | undefined {
  if (needed === undefined || needed <= LARGEST_WASM_BYTES) return undefined;
  return unfit(
    "too-large",
    `${engine === "wllama" ? "It runs" : "Without a GPU it runs"} in WebAssembly, which holds ${formatBytes(LARGEST_WASM_BYTES)} at most, and its weights are about ${formatBytes(needed)}.`,
  );
}

function memoryObstacle(needed: number | undefined, device: DeviceInfo): Unfit | undefined {
  const { memoryBytes } = device;
  if (needed === undefined || memoryBytes === undefined || memoryBytes >= CAPPED_MEMORY_BYTES) return undefined;
  if (needed <= memoryBytes * USABLE_MEMORY_SHARE) return undefined;
  return unfit(
    "memory",
    `It needs about ${formatBytes(needed)} of memory, and this device has about ${formatBytes(memoryBytes)} in all.`,
  );
}
