/** Makes the description of a model that the list of models shows. */
import type { Backend, DeviceInfo, EngineName } from "../inference";
import { originLabel, type ModelEntry } from "./entry";
import { estimateGgufBytes, estimateMlcBytes, estimateWeightBytes } from "./estimate";
import { licenceName } from "./families";
import { fitOf } from "./fit";
import { planGgufFiles } from "./gguf-files";
import { hasEmbeddingFiles, sumBytes } from "./onnx-files";
import type { ListedFile, ModelRecord } from "./records";
import type { StoredSummary } from "./store-protocol";
import type { ModelInfo } from "./types";
import { type KnownVariants, backendOf, lookAt, planVariant } from "./variant-choice";

/** Memory beside the weights for the KV cache, intermediate values and the runtime: a rule of thumb. */
const MEMORY_PER_WEIGHT = 1.25;
const MEMORY_BASE_BYTES = 64 * 2 ** 20;

/** The backend that a model is loaded on by default if its engine has both. */
export function usualBackend(device: DeviceInfo): Backend {
  return device.webgpu && !device.webgpu.software ? "webgpu" : "wasm";
}

/** Engines that have one backend. */
const ONLY_ON: Readonly<Partial<Record<EngineName, Backend>>> = { webllm: "webgpu", wllama: "wasm" };

/** The backend on which a model runs here by default. */
export function expectedBackend({ engine }: Pick<ModelInfo, "engine">, device: DeviceInfo): Backend {
  return ONLY_ON[engine] ?? usualBackend(device);
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
  const listing = entry.engine === "webllm" ? undefined : knownFiles(entry, remembered);
  const preferred = expectedBackend(entry, device);
  const choice = { listing: listing ?? [], remembered, device, name: entry.name };
  const backend = listing && entry.engine === "onnx" ? backendOf({ ...choice, preferred }) : preferred;
  const plan = listing && (entry.engine === "onnx" ? onnxFiles({ ...choice, backend }) : ggufFiles(choice));
  const lead = listing?.find(({ path }) => path === plan?.lead);
  const exactBytes = plan?.downloadBytes ?? webllmBytes(entry, remembered);
  const weights = plan?.weightBytes ?? estimateOf(entry, device);
  const memoryBytes =
    entry.memoryBytes ??
    (weights === undefined ? undefined : Math.round(weights * MEMORY_PER_WEIGHT) + MEMORY_BASE_BYTES);
  const wasmBytes = backend === "wasm" ? weights : undefined;
  const look = lead && lookAt(remembered, lead);
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
    contextLength: entry.contextLength ?? look?.contextLength ?? facts?.contextLength,
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

/** The files to load, as far as they are known. */
interface KnownPlan {
  /** Path of the file that identifies the set. */
  readonly lead: string | undefined;
  readonly weightBytes: number | undefined;
  readonly downloadBytes: number | undefined;
}

function onnxFiles(choice: Parameters<typeof planVariant>[0]): KnownPlan | undefined {
  return orNothing(() => {
    const { graph: lead, weightBytes, downloadBytes } = planVariant(choice);
    return { lead, weightBytes, downloadBytes };
  });
}

function ggufFiles({
  listing,
  device,
  name,
}: Pick<KnownVariants, "listing" | "device" | "name">): KnownPlan | undefined {
  return orNothing(() => {
    const { files, weightBytes } = planGgufFiles(listing, device, name);
    return { lead: files[0]?.path, weightBytes, downloadBytes: weightBytes };
  });
}

function orNothing<T>(plan: () => T): T | undefined {
  try {
    return plan();
  } catch {
    return undefined;
  }
}

function estimateOf({ id, engine, parameters }: ModelEntry, device: DeviceInfo): number | undefined {
  if (engine === "webllm") return estimateMlcBytes(id);
  if (engine === "wllama") return parameters && estimateGgufBytes(parameters);
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
