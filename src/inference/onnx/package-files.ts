/** The files of an ONNX decoder repository, read and checked. */
import { fileSource, MicrogridError } from "../../core";
import { ChatTokenizer } from "../tokenizer";
import type { ModelPackage, PackageFile, Sampling } from "../types";
import { type Graph, joinGraphs, readGraph, readSkeleton, type Tensor, tensorsOf, withInnerWeights } from "../../onnx";
import { type EmbeddingOutput, embeddingOutput } from "./embedding-output";
import { withLogitsToKeep } from "./head-rows";
import { readModelConfig } from "./model-config";
import { readTokenizerTexts } from "./tokenizer-files";

type OnnxPackage = Extract<ModelPackage, { engine: "onnx" }>;

/** A graph without its weights, and these as blobs. */
interface GraphFiles {
  readonly graphBytes: Uint8Array;
  readonly graph: Graph;
  /** Files with weights, by the path that the graph gives them. The graph's own file may be among them. */
  readonly external: readonly { readonly path: string; readonly data: Blob }[];
}

/** Settings of a model, from the files beside its graph. */
interface ReadSettings {
  readonly tokenizer: ChatTokenizer;
  readonly contextLength: number;
  readonly eosIds: ReadonlySet<number>;
  readonly heads: number | undefined;
  readonly headDim: number | undefined;
  readonly window: number | undefined;
  readonly untrained: boolean;
  /** The sampling that `generation_config.json` recommends. */
  readonly sampling: Sampling;
}

/** A model's files, parsed; weights stay blobs. `embeddings` is the output of a graph that makes embeddings. */
export type ReadPackage = GraphFiles & ReadSettings & { readonly embeddings?: EmbeddingOutput };

/**
 * Reads everything but the weights. Throws `file-missing` with the file's name, `file-corrupt` for damaged files,
 * `not-a-model` for files of another kind.
 */
export async function readPackage(pkg: OnnxPackage, options: SettingsOptions): Promise<ReadPackage> {
  const files = new Map(pkg.files.map((file) => [file.path, file.blob]));
  const graphs = await Promise.all(
    [pkg.embedder, pkg.graph].flatMap((path) => (path === undefined ? [] : [readGraphFiles(path, files, options)])),
  );
  const whole = joined(graphs);
  const embeddings = embeddingOutput(whole.graph);
  const settings = await readSettings(pkg.files, { ...options, chats: embeddings === undefined });
  return { ...settings, ...whole, ...(embeddings && { embeddings }) };
}

/** Several graphs as one; they lie in one folder, so the names of their files do not change. */
function joined([first, ...others]: readonly GraphFiles[]): GraphFiles {
  return others.reduce((front, back) => {
    const graphBytes = joinGraphs(front.graphBytes, back.graphBytes);
    return { graphBytes, graph: readGraph(graphBytes), external: [...front.external, ...back.external] };
  }, first!);
}

/**
 * Reads a graph and finds the files with its weights. Its head becomes one for the last tokens, where that is possible.
 * Throws as `readPackage` does.
 */
export async function readGraphFiles(
  path: string,
  files: ReadonlyMap<string, Blob>,
  options: { signal: AbortSignal },
): Promise<GraphFiles> {
  const blob = files.get(path);
  if (!blob) throw missing(path);
  const skeleton = await readSkeleton(fileSource(blob, options.signal), path);
  const outer = readGraph(skeleton);
  const named = externalFiles(tensorsOf(outer), path, files);
  const graphBytes = await withInnerWeights({ bytes: skeleton, graph: outer }, async ({ location, offset, length }) => {
    const file = named.find((each) => each.path === location);
    return new Uint8Array(await (file?.data ?? new Blob()).slice(offset, offset + length).arrayBuffer());
  });
  const graph = graphBytes === skeleton ? outer : readGraph(graphBytes);
  const external = externalFiles(graph.initializers, path, files);
  const keeping = withLogitsToKeep(graph);
  return keeping ? { graphBytes: keeping, graph: readGraph(keeping), external } : { graphBytes, graph, external };
}

interface SettingsOptions {
  readonly signal: AbortSignal;
  /** Parses the tokenizer, or gives one that was parsed before; `ChatTokenizer.parse` by default. */
  readonly parse?: typeof ChatTokenizer.parse;
  /** False for a model that answers no chats, so that its chat template does not matter. */
  readonly chats?: boolean;
}

/** Reads the files beside the graph. Throws as `readPackage` does. */
export async function readSettings(
  packageFiles: readonly PackageFile[],
  { signal, parse = (files) => ChatTokenizer.parse(files), chats = true }: SettingsOptions,
): Promise<ReadSettings> {
  const files = new Map(packageFiles.map((file) => [file.path, file.blob]));
  const [config, genAi, generation] = await Promise.all(
    ["config.json", "genai_config.json", "generation_config.json"].map(async (path) => files.get(path)?.text()),
  );
  if (config === undefined && genAi === undefined) throw missing("config.json");
  const { eosIds, ...settings } = readModelConfig({ config, genAi, generation });
  const texts = await readTokenizerTexts(files);
  const tokenizer = await parse({
    tokenizer: await required(files, "tokenizer.json"),
    ...(chats ? texts : { ...texts, template: false }),
  });
  signal.throwIfAborted();
  return { ...settings, tokenizer, eosIds: new Set([...eosIds, ...tokenizer.endIds]) };
}

function externalFiles(
  tensors: readonly Tensor[],
  graphPath: string,
  files: ReadonlyMap<string, Blob>,
): { path: string; data: Blob }[] {
  const folder = graphPath.slice(0, graphPath.lastIndexOf("/") + 1);
  const needed = new Map<string, number>();
  for (const { external } of tensors) {
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

function missing(path: string): MicrogridError {
  return new MicrogridError(
    "file-missing",
    `The model's file ${path} is missing, so it cannot run. Load the model again, or choose another one.`,
  );
}
