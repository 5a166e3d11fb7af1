/** Makes the description of a model that the list of models shows. */
import type { Backend, DeviceInfo } from "../inference";
import { originLabel, type ModelEntry } from "./entry";
import { estimateMlcBytes, estimateWeightBytes } from "./estimate";
import { licenceName } from "./families";
import { fitOf } from "./fit";
import { hasEmbeddingFiles, sumBytes, type OnnxPlan } from "./onnx-files";
import type { ListedFile, ModelRecord } from "./records";
import type { StoredSummary } from "./store-protocol";
import type { ModelInfo } from "./types";
import { backendOf, lookAt, planVariant } from "./variant-choice";

/** Memory beside the weights for the KV cache, intermediate values and the runtime: a rule of thumb. */
const MEMORY_PER_WEIGHT = 1.25;
const MEMORY_BASE_BYTES = 64 * 2 ** 20;

/** The backend that a model is loaded on by default. */
export function usualBackend(device: DeviceInfo): Backend {
  return device.webgpu && !device.webgpu.software ? "webgpu" : "wasm";
}

/** Facts about a model that its entry in the list does not contain. */
interface EntryState {
  readonly remembered: ModelRecord | undefined;
  /** How much of it the store has; for WebLLM models, how much that library has cached. */
  readonly stored: StoredSummary | ModelInfo["stored"] | undefined;
  /** Name of the variant with 32-bit arithmetic, if the catalog has one. */
  readonly f32Variant: string | undefined;
}

/** The public description of an entry on this device. */
export function modelInfo(entry: ModelEntry, state: EntryState, device: DeviceInfo): ModelInfo {
  const { remembered } = state;
  const { facts } = remembered ?? {};
  const listing = entry.engine === "onnx" ? knownFiles(entry, remembered) : undefined;
  const preferred = usualBackend(device);
  const choice = { listing: listing ?? [], remembered, device, name: entry.name };
  const backend = listing ? backendOf({ ...choice, preferred }) : preferred;
  const plan = listing && planOf({ ...choice, backend });
  const graph = listing?.find(({ path }) => path === plan?.graph);
  const exactBytes = plan?.downloadBytes ?? webllmBytes(entry, remembered);
  const weights = plan?.weightBytes ?? estimateOf(entry, device);
  const memoryBytes =
    entry.memoryBytes ??
    (weights === undefined ? undefined : Math.round(weights * MEMORY_PER_WEIGHT) + MEMORY_BASE_BYTES);
  const wasmBytes = entry.engine === "onnx" && backend === "wasm" ? weights : undefined;
  const look = graph && lookAt(remembered, graph);
  const largestWeightBytes = backend === "webgpu" ? look?.largestWeightBytes : undefined;
  return {
    id: entry.id,
    name: entry.name,
    engine: entry.engine,
    // The graph knows best. It may have a head although the files beside it tell of embeddings.
    purpose: look
      ? purposeOf(look.embeds)
      : (entry.purpose ?? purposeOf(facts?.embeds ?? hasEmbeddingFiles(listing ?? []))),
    source: entry.source,
    // If the exact size is unknown, use that of the weights, which are nearly all of it.
    downloadBytes: exactBytes ?? weights,
    sizeIsEstimate: exactBytes === undefined && weights !== undefined,
    memoryBytes,
    contextLength: entry.contextLength ?? facts?.contextLength,
    licence: facts?.licence && licenceName(facts.licence),
    fit: fitOf(entry, { memoryBytes, wasmBytes, largestWeightBytes, f32Variant: state.f32Variant }, device),
    stored: typeof state.stored === "string" ? state.stored : storedState(remembered, state.stored),
    origin: originLabel(entry.origin),
  };
}

function purposeOf(embeds: boolean | undefined): ModelInfo["purpose"] {
  return embeds ? "embedding" : "chat";
}

function knownFiles({ origin }: ModelEntry, remembered: ModelRecord | undefined): readonly ListedFile[] | undefined {
  return origin.kind === "embedded" ? origin.files : remembered?.facts?.files;
}

function planOf(choice: Parameters<typeof planVariant>[0]): OnnxPlan | undefined {
  try {
    return planVariant(choice);
  } catch {
    return undefined;
  }
}

function estimateOf({ id, engine, parameters }: ModelEntry, device: DeviceInfo): number | undefined {
  if (engine === "webllm") return estimateMlcBytes(id);
  return parameters && estimateWeightBytes(parameters, usualBackend(device), device);
}

function webllmBytes(entry: ModelEntry, remembered: ModelRecord | undefined): number | undefined {
  const files = entry.engine === "webllm" ? remembered?.facts?.files : undefined;
  return files === undefined || files.length === 0 ? undefined : sumBytes(files);
}

function storedState(remembered: ModelRecord | undefined, stored: StoredSummary | undefined): ModelInfo["stored"] {
  if (!stored) return "no";
  const complete = new Set(stored.completePaths);
  const whole = remembered?.packages.some((known) => known.paths.every((path) => complete.has(path))) ?? false;
  return whole ? "yes" : "partial";
}
