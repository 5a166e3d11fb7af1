/** The GPU device that all models of a worker share. */
import { MicrogridError } from "../../core";
import { isSoftware } from "../device";
import { outOfMemory } from "../model-errors";
import { deviceLost } from "./errors";
import type { GpuAbilities } from "./gpu-fitness";

/** Features that ONNX Runtime's kernels use where they are there. */
const FEATURES = ["shader-f16", "subgroups", "chromium-experimental-subgroup-matrix", "timestamp-query"];
/** Limits that large weights and wide workgroups need; each is asked for as high as the adapter goes. */
const LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeWorkgroupSizeZ",
  "maxComputeWorkgroupsPerDimension",
  "maxBindGroups",
] as const satisfies readonly (keyof GPUSupportedLimits)[];

/** A device and the promise of its loss. */
export interface GpuDevice {
  readonly device: GPUDevice;
  readonly abilities: GpuAbilities;
  /** Rejects with `device-lost` when the device goes away; never resolves. */
  readonly lost: Promise<never>;
}

/** Asks for the fastest adapter's device. Throws `no-webgpu` if there is none. */
export async function requestGpuDevice(): Promise<GpuDevice> {
  const gpu = (globalThis.navigator as Partial<Pick<Navigator, "gpu">> | undefined)?.gpu;
  const adapter = await gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) {
    throw new MicrogridError(
      "no-webgpu",
      "This browser has no usable WebGPU now. Load the model on the CPU (WASM) instead.",
    );
  }
  const device = await adapter.requestDevice({
    requiredFeatures: FEATURES.filter((name) => adapter.features.has(name)) as GPUFeatureName[],
    requiredLimits: Object.fromEntries(
      LIMITS.flatMap((name) => (name in adapter.limits ? [[name, adapter.limits[name]]] : [])),
    ),
  });
  const lost = device.lost.then((info) => Promise.reject(deviceLost(info.message)));
  lost.catch(() => undefined); // awaited only while something runs
  const { features, limits } = device;
  const abilities = {
    features: [...features],
    maxBufferSize: limits.maxBufferSize,
    software: isSoftware(adapter.info),
  };
  return { device, abilities, lost };
}

/**
 * Runs `work` and rejects with `out-of-memory` if the GPU ran out of memory meanwhile: WebGPU reports that separately from
 * the result, and results computed on the missing buffers are nonsense.
 */
export async function withinGpuMemory<T>(device: GPUDevice, work: () => T | Promise<T>): Promise<T> {
  device.pushErrorScope("out-of-memory");
  let popped: Promise<GPUError | null> | undefined;
  try {
    const result = await work();
    popped = device.popErrorScope();
    const error = await popped;
    if (error) throw outOfMemory(error);
    return result;
  } catch (error) {
    const scoped = popped ? null : await device.popErrorScope().catch(() => null);
    throw scoped ? outOfMemory(scoped) : error;
  }
}
