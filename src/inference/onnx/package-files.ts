/** The files of an ONNX decoder repository, read and checked. */
import * as v from "valibot";
import { MicrogridError } from "../../core";
import { DEFAULT_SAMPLING } from "../sampling";
import { ChatTokenizer } from "../tokenizer";
import type { ModelPackage, PackageFile, Sampling } from "../types";
import { type Graph, readGraph } from "../../onnx";

type OnnxPackage = Extract<ModelPackage, { engine: "onnx" }>;

const Count = v.pipe(v.number(), v.integer(), v.minValue(1));
const TokenIds = v.union([v.pipe(v.number(), v.integer()), v.array(v.pipe(v.number(), v.integer()))]);
const TextConfig = v.looseObject({
  max_position_embeddings: v.optional(Count),
  n_positions: v.optional(Count),
  num_attention_heads: v.optional(Count),
  num_key_value_heads: v.optional(Count),
  hidden_size: v.optional(Count),
  head_dim: v.optional(v.nullable(Count)),
  eos_token_id: v.optional(v.nullable(TokenIds)),
});
const Config = v.looseObject({ ...TextConfig.entries, text_config: v.optional(TextConfig) });
const GenerationConfig = v.looseObject({
  eos_token_id: v.optional(v.nullable(TokenIds)),
  do_sample: recommended(v.boolean()),
  temperature: recommended(v.pipe(v.number(), v.minValue(0), v.maxValue(2))),
  top_k: recommended(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(1000))),
  top_p: recommended(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
  min_p: recommended(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
  repetition_penalty: recommended(v.pipe(v.number(), v.minValue(0.5), v.maxValue(2))),
});

/** The `top_k` that the file's format implies for sampling. */
const IMPLIED_TOP_K = 50;

/** Context length of models whose configuration does not state one. */
const DEFAULT_CONTEXT_TOKENS = 2048;

/** A graph, with its weights as blobs. */
interface GraphFiles {
  readonly graphBytes: Uint8Array;
  readonly graph: Graph;
  /** Files with weights, by the path that the graph gives them. */
  readonly external: readonly { readonly path: string; readonly data: Blob }[];
}

/** Settings of a model, from the files beside its graph. */
interface ReadSettings {
  readonly tokenizer: ChatTokenizer;
  readonly contextLength: number;
  readonly eosIds: ReadonlySet<number>;
  readonly heads: number | undefined;
  readonly headDim: number | undefined;
  /** The sampling that `generation_config.json` recommends. */
  readonly sampling: Sampling;
}

/** A model's files, parsed; weights stay blobs. */
export type ReadPackage = GraphFiles & ReadSettings;

/**
 * Reads everything but the weights. Throws `file-missing` with the file's name, `file-corrupt` for damaged files,
 * `not-a-model` for files of another kind.
 */
export async function readPackage(pkg: OnnxPackage, options: { signal: AbortSignal }): Promise<ReadPackage> {
  const settings = await readSettings(pkg.files, options);
  const files = new Map(pkg.files.map((file) => [file.path, file.blob]));
  return { ...settings, ...(await readGraphFiles(pkg.graph, files, options)) };
}

/** Reads a graph and finds the files with its weights. Throws as `readPackage` does. */
export async function readGraphFiles(
  path: string,
  files: ReadonlyMap<string, Blob>,
  options: { signal: AbortSignal },
): Promise<GraphFiles> {
  const blob = files.get(path);
  if (!blob) throw missing(path);
  const graphBytes = new Uint8Array(await blob.arrayBuffer());
  options.signal.throwIfAborted();
  const graph = readGraph(graphBytes);
  return { graphBytes, graph, external: externalFiles(graph, path, files) };
}

/** Reads the files beside the graph. Throws as `readPackage` does. */
export async function readSettings(
  packageFiles: readonly PackageFile[],
  options: { signal: AbortSignal },
): Promise<ReadSettings> {
  const files = new Map(packageFiles.map((file) => [file.path, file.blob]));
  const config = parse(Config, await required(files, "config.json"), "config.json");
  const text = { ...config, ...config.text_config };
  const generation = parse(
    GenerationConfig,
    (await optional(files, "generation_config.json")) ?? "{}",
    "generation_config.json",
  );
  const tokenizer = await ChatTokenizer.parse({
    tokenizer: await required(files, "tokenizer.json"),
    config: await optional(files, "tokenizer_config.json"),
    template: await optional(files, "chat_template.jinja"),
  });
  options.signal.throwIfAborted();
  const heads = text.num_attention_heads;
  return {
    tokenizer,
    contextLength: text.max_position_embeddings ?? text.n_positions ?? DEFAULT_CONTEXT_TOKENS,
    eosIds: new Set([...idList(generation.eos_token_id), ...idList(text.eos_token_id), ...idList(tokenizer.eosId)]),
    sampling: recommendedSampling(generation),
    heads: text.num_key_value_heads ?? heads,
    headDim: text.head_dim ?? (text.hidden_size && heads ? text.hidden_size / heads : undefined),
  };
}

function externalFiles(
  graph: Graph,
  graphPath: string,
  files: ReadonlyMap<string, Blob>,
): { path: string; data: Blob }[] {
  const folder = graphPath.slice(0, graphPath.lastIndexOf("/") + 1);
  const needed = new Map<string, number>();
  for (const { external } of graph.initializers) {
    if (!external) continue;
    const { location, offset, length } = external;
    needed.set(location, Math.max(needed.get(location) ?? 0, offset + (length ?? 0)));
  }
  return [...needed].map(([location, bytes]) => {
    const path = folder + location.replace(/^\.\//, "");
    const data = files.get(path);
    if (!data) throw missing(path);
    if (data.size < bytes) {
      throw new MicrogridError(
        "file-corrupt",
        `${path} is cut off: it has ${data.size} of at least ${bytes} bytes. Remove the model and load it again.`,
      );
    }
    return { path: location, data };
  });
}

async function required(files: ReadonlyMap<string, Blob>, path: string): Promise<string> {
  const blob = files.get(path);
  if (!blob) throw missing(path);
  return blob.text();
}

async function optional(files: ReadonlyMap<string, Blob>, path: string): Promise<string | undefined> {
  return files.get(path)?.text();
}

function missing(path: string): MicrogridError {
  return new MicrogridError(
    "file-missing",
    `The model's file ${path} is missing, so it cannot run. Load the model again, or choose another one.`,
  );
}

function parse<S extends v.GenericSchema>(schema: S, text: string, file: string): v.InferOutput<S> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new MicrogridError(
      "file-corrupt",
      `${file} is not valid JSON: it is damaged or cut off. Remove the model and load it again.`,
      { cause },
    );
  }
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const issue = result.issues[0];
  throw new MicrogridError(
    "not-a-model",
    `${file} is not that of a text model (${v.getDotPath(issue) ?? "it"}: ${issue.message}).`,
  );
}

/** A recommendation; undefined for null and for values that the engine does not support. */
function recommended<S extends v.GenericSchema>(schema: S) {
  return v.fallback(v.optional(schema), undefined);
}

/** Greedy unless the file asks for sampling, with `do_sample` or else with a temperature. */
function recommendedSampling(config: v.InferOutput<typeof GenerationConfig>): Sampling {
  const off = DEFAULT_SAMPLING;
  const samples = config.do_sample ?? config.temperature !== undefined;
  return {
    temperature: samples ? (config.temperature ?? 1) : 0,
    topK: config.top_k ?? (samples ? IMPLIED_TOP_K : off.topK),
    topP: config.top_p ?? off.topP,
    minP: config.min_p ?? off.minP,
    repetitionPenalty: config.repetition_penalty ?? off.repetitionPenalty,
  };
}

function idList(ids: number | readonly number[] | null | undefined): readonly number[] {
  if (ids === null || ids === undefined) return [];
  return typeof ids === "number" ? [ids] : ids;
}
