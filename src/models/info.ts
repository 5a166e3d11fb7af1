/** Makes the line of the list that a person sees of a model. */
import type { Backend, DeviceInfo } from "../inference";
import { originLabel, type ModelEntry } from "./entry";
import { fitOf } from "./fit";
import { planOnnxFiles, type OnnxPlan } from "./onnx-files";
import type { ListedFile, ModelRecord } from "./records";
import type { StoredSummary } from "./store-protocol";
import type { ModelInfo } from "./types";

/** Room beside the weights for the KV cache, intermediate values and the runtime: a rule of thumb. */
const MEMORY_PER_WEIGHT = 1.25;
const MEMORY_BASE_BYTES = 64 * 2 ** 20;

/** The backend that a model would be loaded on where nobody says otherwise. */
export function usualBackend(device: DeviceInfo): Backend {
  return device.webgpu && !device.webgpu.software ? "webgpu" : "wasm";
}

/** The public description of an entry on this device, from what is remembered and stored of it. */
export function modelInfo(
  entry: ModelEntry,
  remembered: ModelRecord | undefined,
  stored: StoredSummary | undefined,
  device: DeviceInfo,
): ModelInfo {
  const plan = planOf(entry, remembered, device);
  const weights = plan?.weightBytes;
  const memoryBytes =
    entry.memoryBytes ??
    (weights === undefined ? undefined : Math.round(weights * MEMORY_PER_WEIGHT) + MEMORY_BASE_BYTES);
  return {
    id: entry.id,
    name: entry.name,
    engine: entry.engine,
    source: entry.source,
    downloadBytes: plan?.downloadBytes,
    memoryBytes,
    contextLength: entry.contextLength ?? remembered?.facts?.contextLength,
    fit: fitOf(entry, memoryBytes, plan?.largestFileBytes, device),
    stored: storedState(remembered, stored),
    origin: originLabel(entry.origin),
  };
}

function planOf(entry: ModelEntry, remembered: ModelRecord | undefined, device: DeviceInfo): OnnxPlan | undefined {
  const listing: readonly ListedFile[] | undefined =
    entry.origin.kind === "embedded" ? entry.origin.files : remembered?.facts?.files;
  if (!listing || entry.engine !== "onnx") return undefined;
  try {
    return planOnnxFiles(listing, usualBackend(device), device, entry.name);
  } catch {
    return undefined;
  }
}

function storedState(remembered: ModelRecord | undefined, stored: StoredSummary | undefined): ModelInfo["stored"] {
  if (!stored) return "no";
  const complete = new Set(stored.completePaths);
  const whole = remembered?.packages.some((known) => known.paths.every((path) => complete.has(path))) ?? false;
  return whole ? "yes" : "partial";
}
