/**
 * Compares single layers of a model on the GPU with the CPU's kernels, which are other code. Comparing the GPU with itself does
 * not find a kernel that is always wrong, and a text does not find one that is only a little wrong.
 */
import type { InferenceSession } from "onnxruntime-web";
import { intAttribute } from "../../onnx";
import { unless } from "../../core";
import type { LayerSample, StagePackage } from "../stages";
import type { LayerCheck } from "../types";
import { wrongResults } from "../model-errors";
import { engineError } from "./errors";
import { type FloatType, randomFloats, readFloats } from "./floats";
import type { GpuDevice } from "./gpu-device";
import { type CacheShape, type GraphSpec, numbersIn, readGraphSpec } from "./graph-spec";
import { floatTensor } from "./cache/kv-cache";
import { readGraphFiles } from "./package-files";
import { randomHidden } from "./part-check";
import { ModelRunner } from "./runner";
import type { Ort } from "./runtime";
import { TOLERANCE, difference } from "./self-check";
import { cacheFactories, createSession } from "./session";
import type { StepResult } from "./step";
import type { TurnQueue } from "./turns";

/** Tokens that are compared: a piece of a prompt, which the cache has already begun, and then some of an answer, one by one. */
const PIECE_TOKENS = 8;
const SINGLE_TOKENS = 3;
/**
 * How often a layer is computed. Kernels whose threads race are right now and then: on software WebGPU, ONNX Runtime Web 1.30
 * computed experts (QMoE) wrongly in nearly half of the runs, and then again in none of twelve.
 */
const RUNS = 12;
/** Made-up tokens in the cache; where there is a window, as many lie beyond it. */
const PAST_TOKENS = 24;
/**
 * Made-up keys and values are small (from 1/16 on), so that attention does not outweigh the rest of the layer, and from 32 on
 * beyond a window, so that a layer that looks there gives other results.
 */
const PAST_POWER = -4;
const UNSEEN_POWER = 5;
/** Longer windows are not crossed: their keys and values would take too much memory. */
const MAX_WINDOW_TOKENS = 8192;

/** Name of a layer's graph among its files, where weights have no folder. */
const GRAPH = "graph.onnx";

/** The means to compute layers in both ways. */
interface LayerTools {
  readonly ort: Ort;
  readonly shape: CacheShape;
  readonly contextLength: number;
  /** Tokens that some layers see, as the model's configuration states it; a stage knows only what its operators say. */
  readonly window: number | undefined;
  readonly signal: AbortSignal;
  /** Prepares a layer on the backend in question. */
  judged(files: LayerFiles): Promise<InferenceSession>;
  turn<T>(work: () => Promise<T>): Promise<T>;
}

type LayerFiles = Awaited<ReturnType<typeof readGraphFiles>>;

/** A layer, and what is in its cache before each run. */
interface Trial {
  readonly part: StagePackage["part"];
  readonly spec: GraphSpec;
  /** Tokens in the cache, and what they left there: made up, which costs no computation. */
  readonly tokens: number;
  readonly states: readonly { present: string; type: FloatType; bytes: Uint8Array<ArrayBuffer>; dims: number[] }[];
}

/** Compares the layers on a GPU with the CPU. Throws like `checkLayers`, and `device-lost`. */
export function checkLayersOnGpu(
  sample: LayerSample,
  {
    gpu,
    turns,
    ...tools
  }: Omit<LayerTools, "judged" | "turn"> & { readonly gpu: GpuDevice; readonly turns: TurnQueue },
): Promise<LayerCheck> {
  const { ort, signal } = tools;
  const unlessLost = unless(gpu.lost);
  return checkLayers(sample, {
    ...tools,
    judged: (layer) => createSession(ort, layer, gpu, { signal, expand: false, readBack: true }),
    turn: (work) => unlessLost(turns.run(work, { signal })),
  });
}

/**
 * Computes each layer on both backends. Layers that the CPU has no kernels for are left out, and named in the result. Throws
 * `wrong-results` if a layer does not agree.
 */
export async function checkLayers({ layers, leftOut }: LayerSample, tools: LayerTools): Promise<LayerCheck> {
  const { ort, signal, turn } = tools;
  let compared = 0;
  const without = [...leftOut];
  for (const layer of layers) {
    const blobs = new Map(layer.files.map((file) => [file.path, file.blob]));
    const files = await readGraphFiles(GRAPH, blobs.set(GRAPH, layer.graph), { signal });
    const cpu = (): Promise<InferenceSession> => createSession(ort, files, undefined, { signal, expand: false });
    const onCpu = async () => {
      const trial = prepare(layer, files, tools);
      return { trial, rows: await withSession(cpu, turn, (session) => compute(session, trial, tools)) };
    };
    const reference = await onCpu().catch((error: unknown) => engineError(error, "wasm"));
    signal.throwIfAborted();
    if (reference instanceof Error) {
      without.push(`${layer.name}: the CPU cannot compute it (${reference.message})`);
      continue;
    }
    if (!reference.rows.every((row) => row.every(Number.isFinite))) {
      without.push(`${layer.name}: the CPU's results are not numbers`);
      continue;
    }
    const judged = (): Promise<InferenceSession> => tools.judged(files);
    await withSession(judged, turn, async (session) => {
      for (let run = 0; run < RUNS; run++) {
        requireAlike(layer.name, await compute(session, reference.trial, tools), reference.rows);
      }
    });
    compared++;
  }
  return { layers: compared, leftOut: without };
}

/** Throws `wrong-results` if the rows of a layer differ from those that the CPU has computed. */
function requireAlike(name: string, rows: readonly Float32Array[], reference: readonly Float32Array[]): void {
  const errors = rows.map((row, index) => difference(row, reference[index]!));
  const error = Math.max(secondLargest(errors.slice(0, PIECE_TOKENS)), secondLargest(errors.slice(PIECE_TOKENS)));
  if (error <= TOLERANCE) return;
  throw wrongResults(`${name} differs from the CPU's results by ${(100 * error).toFixed(0)} % of their spread`);
}

async function withSession<T>(
  create: () => Promise<InferenceSession>,
  turn: LayerTools["turn"],
  work: (session: InferenceSession) => Promise<T>,
): Promise<T> {
  const session = await turn(create);
  try {
    return await work(session);
  } finally {
    await session.release();
  }
}

/** The hidden states after each token, one row for each. */
async function compute(session: InferenceSession, trial: Trial, tools: LayerTools): Promise<Float32Array[]> {
  const { part, spec, tokens, states } = trial;
  const runner = new ModelRunner(tools.ort, session, spec, undefined);
  const cache = cacheFactories(tools.ort, spec, undefined, tools.contextLength).plain();
  try {
    const tensors = states.map(
      ({ present, type, bytes, dims }) => [present, floatTensor(tools.ort, type, bytes.buffer, dims)] as const,
    );
    if (tokens > 0) cache.advance(Object.fromEntries(tensors), tokens);
    const rows: Float32Array[] = [];
    for (const count of [PIECE_TOKENS, ...new Array<number>(SINGLE_TOKENS).fill(1)]) {
      const hidden = part.takes.map((slot, index) => randomHidden(slot, count, rows.length + index));
      const result = await tools.turn(() => runner.run(cache, { hidden, count }, { logits: 0, hidden: true }));
      rows.push(...rowsOf(result, part, count));
    }
    return rows;
  } finally {
    cache.dispose();
  }
}

/** Makes up what is in the cache. The layer's window ends inside of it. */
function prepare({ part }: StagePackage, { graph }: LayerFiles, tools: LayerTools): Trial {
  const spec = readGraphSpec(graph, tools.shape, part);
  const room = Math.max(0, tools.contextLength - PIECE_TOKENS - SINGLE_TOKENS);
  const widths = graph.nodes.map((node) => intAttribute(node, "local_window_size") ?? 0);
  const widest = Math.max(tools.window ?? 0, ...widths);
  const window = widest <= MAX_WINDOW_TOKENS && widest + PAST_TOKENS <= room ? widest : 0;
  const tokens = Math.min(window + PAST_TOKENS, room);
  const unseen = window > 0 ? PAST_TOKENS : 0;
  const presents = spec.slots.map(({ present, type, heads, headDim }, index) => {
    const powerAt = (at: number): number => (Math.floor(at / headDim) % tokens < unseen ? UNSEEN_POWER : PAST_POWER);
    const bytes = randomFloats(type, heads * tokens * headDim, index, powerAt);
    return { present, type, bytes, dims: [1, heads, tokens, headDim] };
  });
  const fixed = spec.fixed.map(({ present, type, dims }, index) => {
    const bytes = randomFloats(type, numbersIn(dims), spec.slots.length + index, () => PAST_POWER);
    return { present, type, bytes, dims: [...dims] };
  });
  return { part, spec, tokens, states: [...presents, ...fixed] };
}

/** All that the layer gives for a token, in one row. Tensors that pass it by are left out, since they always agree. */
function rowsOf({ hidden }: StepResult, { gives }: StagePackage["part"], count: number): Float32Array[] {
  const own = hidden.filter(({ name }) => gives.some((slot) => slot.name === name));
  const floats = own.map(({ type, bytes }) => readFloats(type, bytes));
  return Array.from({ length: count }, (_, token) => {
    const parts = floats.map((all) => all.subarray((token * all.length) / count, ((token + 1) * all.length) / count));
    return Float32Array.from(parts.flatMap((part) => [...part]));
  });
}

/** The largest error but one: experts may be chosen otherwise for a single token, where two are almost equally good. */
function secondLargest(errors: readonly number[]): number {
  return [...errors].sort((a, b) => b - a)[1] ?? 0;
}
