/** Loads ONNX models that make embeddings, encoders as well as decoders, and computes their vectors. */
import type { InferenceSession } from "onnxruntime-web";
import { EmbeddingModel, readEmbeddingSettings } from "../embedding";
import type { Backend, ModelPackage } from "../types";
import { type EmbeddingCheck, aloneVectors, checkEmbedder, checkTexts } from "./embedding-check";
import type { EmbeddingOutput } from "./embedding-output";
import { EmbeddingRunner } from "./embedding-runner";
import { EMBEDS, readGraphSpec } from "./graph-spec";
import type { ReadPackage } from "./package-files";
import type { Ort } from "./runtime";
import { type TakeTurn, type TurnQueue, turnTaker } from "./turns";

/** Most texts in a batch, and longest time of one in ms, since answers of other models wait for their next token meanwhile. */
const MAX_BATCH_INPUTS = 32;
const MAX_BATCH_MS = 250;
/** Most tokens in a batch, padding included: their hidden states of 1,024 numbers take 32 MiB. */
const MAX_BATCH_TOKENS = 8192;

/** Largest model on the GPU, in bytes, whose vectors are compared with the CPU's: for a moment, it is in memory twice. */
const MAX_COMPARED_BYTES = 700 * 2 ** 20;

type OnnxPackage = Extract<ModelPackage, { engine: "onnx" }>;

/** The parts of the worker that a load needs. */
interface EmbedderBench {
  readonly ort: Ort;
  readonly backend: Backend;
  /** Rejects when the GPU device is lost; never settles otherwise. */
  readonly lost: Promise<never>;
  readonly turns: TurnQueue;
  createSession(place: Backend): Promise<InferenceSession>;
  onCheck(): void;
}

/** Loads a model whose graph has the embeddings `output`, and checks it. Throws as `OnnxEngine.load` does. */
export async function loadEmbedder(
  bench: EmbedderBench,
  pkg: OnnxPackage,
  {
    files,
    output,
    signal,
  }: { readonly files: ReadPackage; readonly output: EmbeddingOutput; readonly signal: AbortSignal },
): Promise<EmbeddingModel> {
  const { ort, backend, turns } = bench;
  const name = pkg.name || pkg.id;
  const spec = readGraphSpec(files.graph, files, EMBEDS);
  const byPath = new Map(pkg.files.map(({ path, blob }) => [path, blob]));
  const settings = await readEmbeddingSettings(byPath, {
    ...{ id: pkg.id, name, pools: output.pooled, contextLength: files.contextLength },
  });
  const { pooling, normalize, window } = settings;
  const { tokenizer } = files;
  const runnerOn = async (place: Backend): Promise<EmbeddingRunner> =>
    new EmbeddingRunner({ ort, session: await bench.createSession(place), spec, output, pooling });
  const turn = turnTaker(bench);
  const check = { turn: <T>(work: () => Promise<T>) => turn(work, signal) };
  const texts = checkTexts(tokenizer, window);
  const compared =
    backend === "webgpu" && pkg.files.reduce((sum, { blob }) => sum + blob.size, 0) <= MAX_COMPARED_BYTES;
  const expected = compared ? await cpuVectors(() => runnerOn("wasm"), texts, check.turn) : undefined;
  signal.throwIfAborted();
  const runner = await runnerOn(backend);
  try {
    bench.onCheck();
    const result = await checkEmbedder(runner, texts, { ...check, expected });
    const info = {
      ...{ id: pkg.id, name: pkg.name, packageHash: pkg.packageHash, tokenizerHash: tokenizer.hash },
      ...({ engine: "onnx", backend, contextLength: window, prefillRate: result.prefillRate } as const),
      ...{ prefillChunk: window, kvInPlace: false, embedding: { dimensions: result.dimensions } },
    };
    const options = { info, tokenizer, normalize, batch: limitsOf(result) };
    return new OnnxEmbedder(options, { runner, turn, turns });
  } catch (error) {
    await turns.run(() => runner.release()).catch(() => undefined);
    throw error;
  }
}

/** The CPU's vectors; undefined if it cannot compute the graph. */
async function cpuVectors(
  load: () => Promise<EmbeddingRunner>,
  texts: readonly (readonly number[])[],
  turn: <T>(work: () => Promise<T>) => Promise<T>,
): Promise<readonly Float32Array[] | undefined> {
  try {
    const runner = await load();
    try {
      return await aloneVectors(runner, texts, turn);
    } finally {
      await turn(() => runner.release());
    }
  } catch {
    return undefined;
  }
}

function limitsOf({ batches, prefillRate }: EmbeddingCheck): { inputs: number; tokens: number } {
  const tokens = Math.min(MAX_BATCH_TOKENS, (prefillRate * MAX_BATCH_MS) / 1000);
  return { inputs: batches ? MAX_BATCH_INPUTS : 1, tokens };
}

/** A graph in memory, and the queue in which its runs take turns. */
interface RunningGraph {
  readonly runner: EmbeddingRunner;
  readonly turn: TakeTurn;
  readonly turns: TurnQueue;
}

/** One embedding model in memory. */
class OnnxEmbedder extends EmbeddingModel {
  readonly #graph: RunningGraph;

  constructor(options: ConstructorParameters<typeof EmbeddingModel>[0], graph: RunningGraph) {
    super(options);
    this.#graph = graph;
  }

  protected compute(batch: readonly (readonly number[])[], signal: AbortSignal): Promise<Float32Array[]> {
    const { runner, turn } = this.#graph;
    return turn(() => runner.run(batch), signal);
  }

  protected release(): Promise<void> {
    const { runner, turns } = this.#graph;
    return turns.run(() => runner.release());
  }
}
