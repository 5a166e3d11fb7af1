/** Detects the abilities of this device, and decides where a model should run on it. */
import type { Backend, DeviceInfo } from "./types";

/** Asks the browser. Never throws: unknown values are undefined. */
export async function probeDevice(): Promise<DeviceInfo> {
  const { webgpu, missing } = await probeWebGpu();
  const hints = (navigator as { userAgentData?: { mobile?: boolean } }).userAgentData;
  return {
    webgpu,
    webgpuMissing: missing,
    memoryBytes: deviceMemoryBytes(),
    threads: navigator.hardwareConcurrency || 1,
    mobile: hints?.mobile ?? /Android|iPhone|iPad|Mobile/.test(navigator.userAgent),
    label: `${nameIn(navigator.userAgent, BROWSERS, "Browser")} on ${nameIn(navigator.userAgent, SYSTEMS, "an unknown system")}`,
  };
}

/** Memory of the whole device as far as the browser reports it, which rounds it and stops at some limit; also in workers. */
export function deviceMemoryBytes(): number | undefined {
  const memoryGiB = (globalThis.navigator as { deviceMemory?: number } | undefined)?.deviceMemory;
  return memoryGiB === undefined ? undefined : memoryGiB * 2 ** 30;
}

/**
 * Where to run a model unless the user says otherwise: on a real GPU where there is one, else on the CPU. A software
 * adapter computes WebGPU's shaders on the CPU and is far slower than the WASM kernels that are made for it (seen: 1.5
 * against 65 tokens a second), and its results need more distrust.
 */
export function preferredBackend(device: DeviceInfo): Backend {
  return device.webgpu && !device.webgpu.software ? "webgpu" : "wasm";
}

async function probeWebGpu(): Promise<{ webgpu: DeviceInfo["webgpu"]; missing: string | undefined }> {
  if (!globalThis.isSecureContext) {
    return { webgpu: undefined, missing: "WebGPU needs a secure page: open it over https or on localhost." };
  }
  if (!("gpu" in navigator)) {
    return {
      webgpu: undefined,
      missing: "This browser has no WebGPU. A current Chrome, Edge, Safari or Firefox may have it.",
    };
  }
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" }).catch(() => null);
  if (!adapter) {
    return { webgpu: undefined, missing: "This browser knows WebGPU but found no graphics adapter that it can use." };
  }
  const { info, limits } = adapter;
  const webgpu = {
    vendor: info.vendor,
    architecture: info.architecture,
    description: info.description,
    features: [...adapter.features].sort(),
    maxBufferSize: limits.maxBufferSize,
    maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
    software: isSoftware(info),
  };
  return { webgpu, missing: undefined };
}

/** Whether an adapter only computes on the CPU. */
export function isSoftware({ vendor, architecture, description, isFallbackAdapter }: GPUAdapterInfo): boolean {
  const words = `${vendor} ${architecture} ${description}`.toLowerCase();
  return isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|basic render|warp/.test(words);
}

/** Marks of browsers in the user agent; the first that fits counts, since most name others too. */
const BROWSERS: readonly (readonly [string, string])[] = [
  ["Edg/", "Edge"],
  ["OPR/", "Opera"],
  ["Firefox/", "Firefox"],
  ["Chrome/", "Chrome"],
  ["Safari/", "Safari"],
];
const SYSTEMS: readonly (readonly [string, string])[] = [
  ["Android", "Android"],
  ["iPhone", "iOS"],
  ["iPad", "iOS"],
  ["CrOS", "ChromeOS"],
  ["Windows", "Windows"],
  ["Mac OS X", "macOS"],
  ["Linux", "Linux"],
];

function nameIn(agent: string, marks: readonly (readonly [string, string])[], otherwise: string): string {
  return marks.find(([mark]) => agent.includes(mark))?.[1] ?? otherwise;
}
