/** Chooses files of an ONNX decoder repository by quantization, backend and GPU features. */
import { MicrogridError } from "../core";
import type { Backend, DeviceInfo } from "../inference";
import type { ListedFile } from "./records";

/** Files beside the graph that affect the output. */
const REQUIRED_FILES = ["config.json", "tokenizer.json"] as const;
const OPTIONAL_FILES = [
  "tokenizer_config.json",
  "generation_config.json",
  "chat_template.jinja",
  "special_tokens_map.json",
] as const;

/** Suffixes of graph files as hubs name them, best first. The empty one is full precision. */
const WEBGPU_F16 = ["_q4f16", "_q4", "_fp16", "", "_quantized", "_int8", "_uint8"] as const;
/** Without `shader-f16`, graphs with 16-bit activations do not run on the GPU. */
const WEBGPU_F32 = ["_q4", "", "_quantized", "_int8", "_uint8"] as const;
/** On the CPU, 4 and 8 bits are fastest; 16-bit activations are converted at every step. */
const WASM = ["_q4", "_quantized", "_int8", "_uint8", "_bnb4", "", "_q4f16", "_fp16"] as const;
/** Graph names of decoder repositories, newer ones first. */
const GRAPH_STEMS = ["model", "decoder_model_merged"] as const;
const GRAPH_FOLDERS = ["onnx/", ""] as const;
/** WebAssembly addresses 4 GiB, which hold the graph's weights and everything else. */
export const LARGEST_WASM_BYTES = 3.5 * 2 ** 30;

/** The files of one variant of a model. */
export interface OnnxPlan {
  /** Path of the graph. */
  readonly graph: string;
  /** The graph's external data. */
  readonly data: readonly ListedFile[];
  /** All files: settings, graph and external data. */
  readonly files: readonly ListedFile[];
  /** Bytes of the graph and its external data; undefined if a size is unknown. */
  readonly weightBytes: number | undefined;
  readonly downloadBytes: number | undefined;
}

/** All paths at which a graph may be stored. */
export function graphNames(): string[] {
  const suffixes = new Set([...WEBGPU_F16, ...WASM]);
  return GRAPH_FOLDERS.flatMap((folder) =>
    GRAPH_STEMS.flatMap((stem) => [...suffixes].map((suffix) => `${folder}${stem}${suffix}.onnx`)),
  );
}

/** Suffixes of the graphs that this backend and device can run, best first. */
export function graphSuffixes(backend: Backend, device: DeviceInfo): readonly string[] {
  if (backend === "wasm") return WASM;
  return device.webgpu?.features.includes("shader-f16") ? WEBGPU_F16 : WEBGPU_F32;
}

/** Paths at which a graph for this backend and device may be stored, best first. */
function graphCandidates(backend: Backend, device: DeviceInfo): string[] {
  return GRAPH_STEMS.flatMap((stem) =>
    graphSuffixes(backend, device).flatMap((suffix) => GRAPH_FOLDERS.map((folder) => `${folder}${stem}${suffix}.onnx`)),
  );
}

/**
 * Chooses among the files of a repository. Throws `not-a-model` if it has no ONNX model, `unsupported-model` if this
 * app cannot run its model, `file-missing` if a file of the model is absent.
 */
export function planOnnxFiles(
  listing: readonly ListedFile[],
  backend: Backend,
  device: DeviceInfo,
  name: string,
): OnnxPlan {
  const byPath = new Map(listing.map((file) => [file.path, file]));
  refuseOtherKinds(listing, name);
  const candidates = graphCandidates(backend, device).flatMap((path) => byPath.get(path) ?? []);
  const plans = candidates.map((graph) => planFor(graph, listing, byPath, name));
  const fitting = plans.find((plan) => backend !== "wasm" || (plan.weightBytes ?? 0) <= LARGEST_WASM_BYTES);
  const plan = fitting ?? plans[0];
  if (plan) return plan;
  throw new MicrogridError(
    "unsupported-model",
    backend === "webgpu"
      ? `${name} has no variant that runs on this GPU: its files need 16-bit arithmetic (shader-f16), which this GPU does not offer to the browser. Choose another model, or run it on the CPU.`
      : `${name} has no variant of its weights that this app knows (q4, q4f16, int8, fp16 or fp32). Choose another model.`,
  );
}

/**
 * The files that belong to a certain graph. Throws like `planOnnxFiles`, and `file-missing` if there is no such graph.
 */
export function planOnnxGraph(listing: readonly ListedFile[], graph: string, name: string): OnnxPlan {
  refuseOtherKinds(listing, name);
  const byPath = new Map(listing.map((file) => [file.path, file]));
  const found = graph.endsWith(".onnx") ? byPath.get(graph) : undefined;
  if (found) return planFor(found, listing, byPath, name);
  throw new MicrogridError(
    "file-missing",
    `${name} has no file ${graph} here. Another version of the model may have it; choose another model.`,
  );
}

function refuseOtherKinds(listing: readonly ListedFile[], name: string): void {
  const graphs = listing.filter((file) => file.path.endsWith(".onnx")).map((file) => file.path);
  if (graphs.length === 0) {
    throw new MicrogridError(
      "not-a-model",
      `${name} has no ONNX files, so this app cannot run it. Look for a repository of the same model whose name ends with -ONNX.`,
    );
  }
  const split = graphs.find((path) => /(^|\/)(encoder_model|embed_tokens|vision_encoder)/.test(path));
  if (split !== undefined) {
    throw new MicrogridError(
      "unsupported-model",
      `${name} is split into several graphs (${split}), but this app runs text models that have one graph. Choose another model.`,
    );
  }
}

function planFor(
  graph: ListedFile,
  listing: readonly ListedFile[],
  byPath: ReadonlyMap<string, ListedFile>,
  name: string,
): OnnxPlan {
  const missing = REQUIRED_FILES.find((path) => !byPath.has(path));
  if (missing !== undefined) {
    throw new MicrogridError(
      "file-missing",
      `${name} lacks the file ${missing}, without which it cannot run. Choose another model.`,
    );
  }
  const data = listing.filter((file) => isExternalData(graph.path, file.path)).sort(byPart);
  const rest = [...REQUIRED_FILES, ...OPTIONAL_FILES].flatMap((path) => byPath.get(path) ?? []);
  const weights = [graph, ...data];
  return {
    graph: graph.path,
    data,
    files: [...rest, ...weights],
    weightBytes: sumBytes(weights),
    downloadBytes: sumBytes([...rest, ...weights]),
  };
}

/** External data is stored beside its graph as `model.onnx_data`, `model.onnx_data_1`, … or `model.onnx.data`. */
function isExternalData(graph: string, path: string): boolean {
  return path.startsWith(graph) && /^(_data(_\d+)?|\.data)$/.test(path.slice(graph.length));
}

function byPart(a: ListedFile, b: ListedFile): number {
  return a.path.length - b.path.length || (a.path < b.path ? -1 : 1);
}

/** Total size of the files; undefined if the size of one is unknown. */
export function sumBytes(files: readonly ListedFile[]): number | undefined {
  return files.reduce<number | undefined>(
    (total, file) => (total === undefined || file.bytes === undefined ? undefined : total + file.bytes),
    0,
  );
}

/**
 * Names of a graph's external data files if there is no listing, from `use_external_data_format` in the model's
 * configuration. That is a flag, a number of files, or an object with one of these for each graph.
 */
export function externalDataFiles(graph: string, format: unknown): string[] {
  const count = externalDataCount(graph, format);
  return Array.from({ length: count }, (_, index) => `${graph}_data${index === 0 ? "" : `_${index}`}`);
}

function externalDataCount(graph: string, format: unknown): number {
  if (format === true) return 1;
  if (typeof format === "number") return Math.min(Math.max(0, Math.trunc(format)), 100);
  if (typeof format !== "object" || format === null) return 0;
  const file = graph.slice(graph.lastIndexOf("/") + 1);
  const stem = GRAPH_STEMS.find((name) => file.startsWith(name)) ?? file;
  const map = format as Readonly<Record<string, unknown>>;
  const value = [file, file.replace(/\.onnx$/, ""), stem].map((key) => map[key]).find((entry) => entry !== undefined);
  return typeof value === "object" ? 0 : externalDataCount(graph, value);
}
