/** Chooses files of a GGUF repository: one quantization, in one file or in several parts. */
import { LARGEST_WASM_BYTES, MicrogridError, quoted } from "../core";
import type { DeviceInfo, EngineName } from "../inference";
import { sumBytes } from "./onnx-files";
import type { ListedFile } from "./records";
import { findGraphs } from "./variants";

/** Names of the parts of a split file. Source: `gguf-split` of llama.cpp. */
const PART = /-(\d{5})-of-(?!00000)(\d{5})\.gguf$/;
/** Most parts of one file: models that fit into WebAssembly have 4 GiB at most, so these are parts of 16 MiB. */
const MAX_PARTS = 256;
/** Files that only belong to a model: projectors for images, and statistics for quantizing. */
const ACCESSORY = /(^|[/_.-])(mmproj|imatrix)([_.-]|$)/i;
/** A quantization at the end of a name, such as `Q4_K_M`, `IQ4_XS` or `BF16`. */
const QUANTIZATION = /[-._](i?q\d[a-z0-9_]*|mxfp4[a-z0-9_]*|bf16|f16|fp16|f32)$/i;
/**
 * Quantizations, best first: four bits are the usual compromise between size and quality; more bits follow, then fewer. Those that are
 * not listed come last.
 */
const PREFERRED = [
  ...["Q4_K_M", "Q4_K_S", "Q4_0", "Q4_1", "IQ4_NL", "IQ4_XS", "MXFP4", "MXFP4_MOE"],
  ...["Q5_K_M", "Q5_K_S", "Q5_0", "Q5_1", "Q6_K", "Q8_0"],
  ...["Q3_K_L", "Q3_K_M", "Q3_K_S", "IQ3_M", "IQ3_S", "Q2_K", "F16", "FP16", "BF16", "F32"],
] as const;
/** Share of a device's memory that a model's weights may take. */
const WEIGHTS_SHARE = 0.5;

/** The files of one quantization of a model. */
export interface GgufPlan {
  /** The file, or its parts in their order. */
  readonly files: readonly ListedFile[];
  /** Name of the quantization as in the file's name; undefined if that has none. */
  readonly quantization: string | undefined;
  /** Bytes of all files; undefined if a size is unknown. */
  readonly weightBytes: number | undefined;
}

/** Whether a path is that of a GGUF file. */
export function isGguf(path: string): boolean {
  return path.endsWith(".gguf");
}

/** The paths of a file and of all parts that belong with it. Throws `not-a-model` if its name claims too many. */
export function ggufParts(path: string): string[] {
  const [end, , count] = PART.exec(path) ?? [];
  if (end === undefined) return [path];
  if (Number(count) > MAX_PARTS) {
    throw new MicrogridError(
      "not-a-model",
      `The name ${quoted(path)} says that the model has ${Number(count)} parts. At most ${MAX_PARTS} are read, so choose a model in fewer parts.`,
    );
  }
  const base = path.slice(0, -end.length);
  return Array.from(
    { length: Number(count) },
    (_, index) => `${base}-${String(index + 1).padStart(5, "0")}-of-${count}.gguf`,
  );
}

/** The engine that runs the files of a repository: `wllama` for GGUF files without any ONNX graph beside them. */
export function engineOf(listing: readonly ListedFile[]): EngineName {
  return listing.some(({ path }) => isGguf(path)) && findGraphs(listing).length === 0 ? "wllama" : "onnx";
}

/**
 * Chooses the best quantization that fits into WebAssembly and this device's memory, or else the smallest. Throws `not-a-model`
 * if there is no GGUF model, and `file-missing` if parts of all of them are missing.
 */
export function planGgufFiles(listing: readonly ListedFile[], device: DeviceInfo, name: string): GgufPlan {
  const models = listing.filter(({ path }) => isGguf(path) && !ACCESSORY.test(path));
  if (models.length === 0) {
    throw new MicrogridError(
      "not-a-model",
      `${name} has no GGUF file of a text model, so this app cannot run it. Choose another model.`,
    );
  }
  const byPath = new Map(models.map((file) => [file.path, file]));
  const firsts = models.filter(({ path }) => Number(PART.exec(path)?.[1] ?? 1) === 1);
  const plans = firsts.flatMap(({ path }) => planOf(path, byPath) ?? []);
  if (plans.length === 0) {
    const missing = ggufParts(models[0]!.path).find((path) => !byPath.has(path));
    throw new MicrogridError("file-missing", `${name} lacks the part ${missing}, without which it cannot run.`);
  }
  const limit = Math.min(LARGEST_WASM_BYTES, WEIGHTS_SHARE * (device.memoryBytes ?? Infinity));
  const fitting = plans.filter(({ weightBytes = 0 }) => weightBytes <= limit);
  const order = fitting.length > 0 ? byQuality : bySize;
  return (fitting.length > 0 ? fitting : plans).toSorted(order)[0]!;
}

function planOf(first: string, models: ReadonlyMap<string, ListedFile>): GgufPlan | undefined {
  // A name may claim thousands of parts.
  if (Number(PART.exec(first)?.[2] ?? 1) > Math.min(models.size, MAX_PARTS)) return undefined;
  const files = ggufParts(first).map((path) => models.get(path));
  if (!files.every((file) => file !== undefined)) return undefined;
  const name = first.replace(PART, "").replace(/\.gguf$/, "");
  const [, quantization] = QUANTIZATION.exec(name) ?? [];
  return { files, quantization, weightBytes: sumBytes(files) };
}

function byQuality(a: GgufPlan, b: GgufPlan): number {
  return rank(a) - rank(b) || bySize(a, b);
}

/** Equal sizes are ordered by name, so that all devices choose the same. */
function bySize(a: GgufPlan, b: GgufPlan): number {
  const [first, second] = [a.files[0]!.path, b.files[0]!.path];
  return (a.weightBytes ?? Infinity) - (b.weightBytes ?? Infinity) || (first < second ? -1 : 1);
}

function rank({ quantization = "" }: GgufPlan): number {
  const at = (PREFERRED as readonly string[]).indexOf(quantization.toUpperCase());
  return at < 0 ? PREFERRED.length : at;
}
