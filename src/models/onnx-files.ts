/** Chooses files of an ONNX repository by quantization, backend and GPU features. */
import { LARGEST_WASM_BYTES, MicrogridError } from "../core";
import type { Backend, DeviceInfo, PackageFile } from "../inference";
import type { ListedFile } from "./records";
import { computesInHalf, embedderOf, findGraphs, runnableGraphs, type VariantWishes } from "./variants";

/** Files of sentence-transformers, which only models that make embeddings have. */
const EMBEDDING_FILES = ["modules.json", "1_Pooling/config.json", "sentence_bert_config.json"] as const;
/** Files beside the graph that affect the output. The engine knows them by these names, wherever they are. */
export const SETTINGS_FILES = [
  ...["config.json", "genai_config.json", "tokenizer.json", "tokenizer_config.json", "generation_config.json"],
  ...["chat_template.jinja", "chat_template.json", "special_tokens_map.json"],
  ...EMBEDDING_FILES,
] as const;
/** One of each of these must exist. */
const REQUIRED_FILES: readonly (readonly string[])[] = [["config.json", "genai_config.json"], ["tokenizer.json"]];
const MORE_TEMPLATES = /^additional_chat_templates\/[^/]+\.jinja$/;

/** Number of files that an error lists. */
const MOST_NAMED = 3;

/** Whether a repository says by its files that its model makes embeddings. */
export function hasEmbeddingFiles(listing: readonly ListedFile[]): boolean {
  return listing.some(({ path }) => EMBEDDING_FILES.some((name) => path === name || path.endsWith(`/${name}`)));
}

/** The files of one variant of a model. */
export interface OnnxPlan {
  /** Path of the graph. */
  readonly graph: string;
  /** Path of the graph that makes its inputs from token ids; undefined if it takes these itself. */
  readonly embedder: string | undefined;
  /** Files with settings, tokenizer and chat templates, with the names by which the engine knows them. */
  readonly settings: readonly { readonly name: string; readonly file: ListedFile }[];
  /** The external data of the graph, or of both. */
  readonly data: readonly ListedFile[];
  /** All files: settings, graphs and external data. */
  readonly files: readonly ListedFile[];
  /** Bytes of the graphs and their external data; undefined if a size is unknown. */
  readonly weightBytes: number | undefined;
  readonly downloadBytes: number | undefined;
}

/** Reasons to choose a variant that are not in the names of files. */
interface VariantChoice {
  readonly wishes?: VariantWishes | undefined;
  /** Graphs that compute wrong results on the backend. They are chosen only if there are no others. */
  readonly wrong?: readonly string[];
}

/**
 * Chooses among the files of a repository. Throws `not-a-model` if it has no ONNX model, `unsupported-model` if this
 * app cannot run its model, `shader-f16-missing` if only this GPU cannot, `file-missing` if a file of the model is
 * absent.
 */
export function planOnnxFiles(
  listing: readonly ListedFile[],
  backend: Backend,
  device: DeviceInfo,
  name: string,
  { wishes, wrong = [] }: VariantChoice = {},
): OnnxPlan {
  const all = runnablePlans(listing, backend, device, name, wishes);
  const right = all.filter(({ graph }) => !wrong.includes(graph));
  const plans = right.length > 0 ? right : all;
  const fitting = plans.find((plan) => backend !== "wasm" || (plan.weightBytes ?? 0) <= LARGEST_WASM_BYTES);
  const plan = fitting ?? plans[0];
  if (plan) return plan;
  const graphs = findGraphs(listing);
  if (graphs.length > 0 && graphs.every(({ suffix }) => computesInHalf(suffix))) {
    throw new MicrogridError(
      "shader-f16-missing",
      `${name} has no variant that runs on this GPU: its files need 16-bit arithmetic (shader-f16), which this GPU does not offer to the browser. Choose another model, or run it on the CPU.`,
    );
  }
  const known = graphs.map(({ file }) => file);
  const unknown = listing.filter(({ path }) => path.endsWith(".onnx"));
  throw new MicrogridError(
    "unsupported-model",
    known.length > 0
      ? `The variants of ${name} (${someNames(known)}) do not run on the GPU. Choose another model, or run it on the CPU.`
      : `${name} has no graph that this app knows as a text model's: it has ${someNames(unknown)}. Names such as onnx/model_q4.onnx, model_q4f16.onnx, model_int8.onnx or model_fp16.onnx are known. Choose another model.`,
  );
}

/** All variants that run on the backend, best first. Throws like `planOnnxFiles`, but not if there are none. */
export function runnablePlans(
  listing: readonly ListedFile[],
  backend: Backend,
  device: DeviceInfo,
  name: string,
  wishes?: VariantWishes,
): OnnxPlan[] {
  refuseOtherKinds(listing, name);
  return runnableGraphs(findGraphs(listing), backend, device, wishes).map((graph) => planFor(graph, listing, name));
}

/**
 * The files that belong to a certain graph. Throws like `planOnnxFiles`, and `file-missing` if there is no such graph.
 */
export function planOnnxGraph(listing: readonly ListedFile[], graph: string, name: string): OnnxPlan {
  refuseOtherKinds(listing, name);
  const found = graph.endsWith(".onnx") ? listing.find(({ path }) => path === graph) : undefined;
  if (found) return planFor(found, listing, name);
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
      `${name} has no ONNX files, so this app cannot run it. Look for a repository of the same model whose name ends with -ONNX or -GGUF.`,
    );
  }
  // The text part of a model that also sees or hears consists of an embedding and a decoder.
  const hasText = graphs.some((path) => embedderOf(path, listing) !== undefined);
  const other = graphs.find((path) => /(^|\/)encoder_model/.test(path));
  const part = graphs.find((path) => /(^|\/)(embed_tokens|prepare_inputs_embeds|vision_encoder)/.test(path));
  const strange = other ?? (hasText ? undefined : part);
  if (strange !== undefined) {
    throw new MicrogridError(
      "unsupported-model",
      `${name} consists of several graphs (${strange}) that this app cannot run together: it runs one graph, or embed_tokens with decoder_model_merged. Choose another model.`,
    );
  }
}

function planFor(graph: ListedFile, listing: readonly ListedFile[], name: string): OnnxPlan {
  const settings = settingsOf(graph.path, listing);
  const missing = REQUIRED_FILES.find((names) => !settings.some((found) => names.includes(found.name)));
  if (missing !== undefined) {
    throw new MicrogridError(
      "file-missing",
      `${name} lacks the file ${missing.join(" or ")}, without which it cannot run. Choose another model.`,
    );
  }
  const embedder = embedderOf(graph.path, listing);
  const graphs = embedder ? [embedder, graph] : [graph];
  const data = graphs.flatMap(({ path }) => listing.filter((file) => isExternalData(path, file.path)).sort(byPart));
  const weights = [...graphs, ...data];
  const files = [...settings.map(({ file }) => file), ...weights];
  return {
    graph: graph.path,
    embedder: embedder?.path,
    settings,
    data,
    files,
    weightBytes: sumBytes(weights),
    downloadBytes: sumBytes(files),
  };
}

/** For each name, the file in the graph's own folder, or else in the nearest folder above it. */
function settingsOf(graph: string, listing: readonly ListedFile[]): OnnxPlan["settings"] {
  const parts = graph.split("/").slice(0, -1);
  const folders = Array.from({ length: parts.length + 1 }, (_, above) =>
    parts
      .slice(0, parts.length - above)
      .map((part) => `${part}/`)
      .join(""),
  );
  const found = new Map<string, ListedFile>();
  for (const folder of folders) {
    for (const file of listing) {
      const name = file.path.startsWith(folder) ? file.path.slice(folder.length) : "";
      const wanted = (SETTINGS_FILES as readonly string[]).includes(name) || MORE_TEMPLATES.test(name);
      if (wanted && !found.has(name)) found.set(name, file);
    }
  }
  const order = (name: string): number => (SETTINGS_FILES as readonly string[]).indexOf(name);
  return [...found].map(([name, file]) => ({ name, file })).sort((a, b) => order(a.name) - order(b.name));
}

/** Files of a plan as the engine takes them: settings under their usual names, the others under their paths. */
export function packageFiles(plan: OnnxPlan, files: readonly PackageFile[]): PackageFile[] {
  const names = new Map(plan.settings.map(({ name, file }) => [file.path, name]));
  return files.map(({ path, blob }) => ({ path: names.get(path) ?? path, blob }));
}

/** External data is stored beside its graph as `model.onnx_data`, `model.onnx_data_1`, … or `model.onnx.data`. */
function isExternalData(graph: string, path: string): boolean {
  return path.startsWith(graph) && /^(_data(_\d+)?|\.data)$/.test(path.slice(graph.length));
}

function byPart(a: ListedFile, b: ListedFile): number {
  return a.path.length - b.path.length || (a.path < b.path ? -1 : 1);
}

function someNames(files: readonly ListedFile[]): string {
  const names = files.slice(0, MOST_NAMED).map(({ path }) => path);
  return [...names, ...(files.length > MOST_NAMED ? ["…"] : [])].join(", ");
}

/** Total size of the files; undefined if the size of one is unknown. */
export function sumBytes(files: readonly ListedFile[]): number | undefined {
  return files.reduce<number | undefined>(
    (total, file) => (total === undefined || file.bytes === undefined ? undefined : total + file.bytes),
    0,
  );
}
