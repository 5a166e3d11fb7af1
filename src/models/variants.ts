/** Recognizes the decoder graphs of a repository, and knows which of them a backend and a device can run. */
import type { Backend, DeviceInfo } from "../inference";
import type { ListedFile } from "./records";

/** Suffixes of graph files as hubs name them, best first. The empty one is full precision. */
const WEBGPU_F16 = [
  ...["_q4f16", "_q4", "_q2f16", "_q2", "_q1f16", "_q1"],
  ...["_fp16", "", "_quantized", "_int8", "_uint8"],
] as const;
/** Suffixes of graphs with 16-bit activations, which do not run on a GPU without `shader-f16`. */
const HALF: readonly string[] = ["_q4f16", "_q2f16", "_q1f16", "_fp16"];
const WEBGPU_F32: readonly string[] = WEBGPU_F16.filter((suffix) => !HALF.includes(suffix));
/**
 * On the CPU, 8 bits are fastest: 4-bit weights that are too large to be expanded take five times as long. 16-bit activations
 * are converted at every step.
 */
const WASM = [
  ...["_quantized", "_int8", "_uint8", "_q4", "_q2", "_q1", "_bnb4", ""],
  ...["_q4f16", "_q2f16", "_q1f16", "_fp16"],
] as const;
const SUFFIXES: ReadonlySet<string> = new Set([...WEBGPU_F16, ...WASM]);
/** Variants of an embedding for a decoder that has none of its own variant, smallest first. */
const EMBEDDERS = ["_q4f16", "_q4", "_quantized", "_int8", "_uint8", "_fp16", ""] as const;
/** Graph names of decoder repositories, newer ones first. */
const STEMS = ["model", "decoder_model_merged"] as const;
const USUAL_FOLDERS = ["onnx/", ""] as const;
/** Words in the names of folders whose graphs compute with 16 bits, as the exporter of ONNX Runtime GenAI chooses them. */
const HALF_WORDS = ["fp16", "f16", "gpu", "cuda", "dml", "directml", "webgpu"];

/** Suffixes of the names that configurations give to types of numbers. All others have the name itself as their suffix. */
const SUFFIX_OF_TYPE: Readonly<Record<string, string>> = { fp32: "", q8: "_quantized" };

/** Statements of a model's configuration about its variants, in the names that it has for types of numbers. */
export interface VariantWishes {
  /** The type to use on each backend. */
  readonly webgpu?: string | undefined;
  readonly wasm?: string | undefined;
  /** Types whose caches have 16 bits, so that they need `shader-f16` on the GPU; `*` stands for all. */
  readonly halfCaches?: readonly string[] | undefined;
}

/** A graph of a repository. */
interface GraphFile {
  readonly file: ListedFile;
  /** The suffix of the graph's variant, from its own name or else from its folder's. */
  readonly suffix: string;
  /** Where it comes among graphs with the same suffix; compared from the first number on. */
  readonly rank: readonly number[];
}

/** The paths at which graphs are usually stored, for hosts that cannot list their files. */
export function usualGraphPaths(): string[] {
  return USUAL_FOLDERS.flatMap((folder) =>
    STEMS.flatMap((stem) => [...SUFFIXES].map((suffix) => `${folder}${stem}${suffix}.onnx`)),
  );
}

/** Suffixes of the graphs that this backend and device can run, best first. */
export function graphSuffixes(backend: Backend, device: DeviceInfo): readonly string[] {
  if (backend === "wasm") return WASM;
  return device.webgpu?.features.includes("shader-f16") ? WEBGPU_F16 : WEBGPU_F32;
}

/** Whether graphs with this suffix compute with 16 bits. */
export function computesInHalf(suffix: string): boolean {
  return HALF.includes(suffix);
}

/** The decoder graphs of a repository whose variant is known, in every folder. */
export function findGraphs(listing: readonly ListedFile[]): GraphFile[] {
  return listing.flatMap((file): GraphFile[] => {
    const [, folder = "", name] = /^(.*\/)?([^/]+)\.onnx$/.exec(file.path) ?? [];
    if (name === undefined) return [];
    const stem = STEMS.findIndex((known) => name.startsWith(known) && SUFFIXES.has(name.slice(known.length)));
    if (stem < 0 && !isOnlyGenAiGraph(file, folder, listing)) return [];
    const suffix = stem < 0 ? "" : name.slice(STEMS[stem]!.length);
    const usual = USUAL_FOLDERS.findIndex((known) => known === folder);
    return [
      {
        file,
        suffix: suffix === "" ? suffixOfWords(file.path) : suffix,
        rank: [Math.max(stem, 0), usual < 0 ? USUAL_FOLDERS.length : usual, file.path.length],
      },
    ];
  });
}

/**
 * The graph that makes the inputs of a decoder from token ids, in repositories of several graphs. Only the names of the files
 * decide, so that all devices choose the same. Undefined if the decoder takes ids itself, as far as its name tells.
 */
export function embedderOf(graph: string, listing: readonly ListedFile[]): ListedFile | undefined {
  const [, folder = "", suffix] = /^(.*\/)?decoder_model_merged([^/]*)\.onnx$/.exec(graph) ?? [];
  if (suffix === undefined) return undefined;
  const others = EMBEDDERS.filter((other) => computesInHalf(suffix) || !computesInHalf(other));
  const paths = [suffix, ...others].map((each) => `${folder}embed_tokens${each}.onnx`);
  return paths.map((path) => listing.find((file) => file.path === path)).find((file) => file !== undefined);
}

/** Chooses those graphs that this backend and device can run, and sorts them, best first. */
export function runnableGraphs(
  graphs: readonly GraphFile[],
  backend: Backend,
  device: DeviceInfo,
  wishes: VariantWishes = {},
): ListedFile[] {
  const suffixes = wantedFirst(graphSuffixes(backend, device), backend, wishes);
  const halves = backend === "webgpu" && !device.webgpu?.features.includes("shader-f16");
  const tooFine = (suffix: string): boolean =>
    halves && (wishes.halfCaches ?? []).some((type) => type === "*" || suffixOf(type) === suffix);
  return graphs
    .filter(({ suffix }) => !tooFine(suffix))
    .map(({ file, suffix, rank: [stem = 0, ...rank] }) => ({ file, rank: [stem, suffixes.indexOf(suffix), ...rank] }))
    .filter(({ rank }) => rank[1] !== -1)
    .sort((a, b) => compare(a.rank, b.rank) || (a.file.path < b.file.path ? -1 : 1))
    .map(({ file }) => file);
}

/** Puts the type that the configuration wants at the front, unless the backend cannot run it or is slow with it. */
function wantedFirst(suffixes: readonly string[], backend: Backend, wishes: VariantWishes): readonly string[] {
  const type = wishes[backend];
  const suffix = type === undefined ? undefined : suffixOf(type);
  if (suffix === undefined || !suffixes.includes(suffix)) return suffixes;
  return [suffix, ...suffixes.filter((other) => other !== suffix)];
}

function suffixOf(type: string): string {
  return SUFFIX_OF_TYPE[type] ?? `_${type}`;
}

/** ONNX Runtime GenAI gives graphs any name, but keeps each in a folder of its own with its settings. */
function isOnlyGenAiGraph(file: ListedFile, folder: string, listing: readonly ListedFile[]): boolean {
  const inFolder = listing.filter(({ path }) => path.startsWith(folder) && !path.slice(folder.length).includes("/"));
  return (
    inFolder.some(({ path }) => path === `${folder}genai_config.json`) &&
    inFolder.every(({ path }) => path === file.path || !path.endsWith(".onnx"))
  );
}

/** The suffix that the words of a path mean: `gpu/gpu-int4-rtn-block-32/model.onnx` is a `_q4f16`. */
function suffixOfWords(path: string): string {
  const words = path.toLowerCase().split(/[^a-z0-9]+/);
  const half = words.some((word) => HALF_WORDS.includes(word));
  if (words.includes("int4")) return half ? "_q4f16" : "_q4";
  if (words.includes("int8")) return "_int8";
  return half ? "_fp16" : "";
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}

/**
 * Names of a graph's external data files if there is no listing, from `use_external_data_format` in the model's
 * configuration. That is a flag, a number of files, or an object with one of these for each graph.
 */
export function externalDataFiles(graph: string, format: unknown): string[] {
  const count = externalDataCount(graph, format);
  return Array.from({ length: count }, (_, index) => externalDataFile(graph, index));
}

/** The usual name of one of a graph's external data files. */
export function externalDataFile(graph: string, index: number): string {
  return `${graph}_data${index === 0 ? "" : `_${index}`}`;
}

function externalDataCount(graph: string, format: unknown): number {
  if (format === true) return 1;
  if (typeof format === "number") return Math.min(Math.max(0, Math.trunc(format)), 100);
  if (typeof format !== "object" || format === null) return 0;
  const file = graph.slice(graph.lastIndexOf("/") + 1);
  const stem = STEMS.find((name) => file.startsWith(name)) ?? file;
  const map = format as Readonly<Record<string, unknown>>;
  const value = [file, file.replace(/\.onnx$/, ""), stem].map((key) => map[key]).find((entry) => entry !== undefined);
  return typeof value === "object" ? 0 : externalDataCount(graph, value);
}
