/** Loads parts of a model: a stage for others, or the two ends of a model whose middle is elsewhere. */
import {
  ANSWERS_AT_ONCE,
  type HiddenSlot,
  type HiddenState,
  type PipelinePackage,
  type StageInfo,
  type StageLimits,
  type StagePackage,
  type StageService,
} from "../stages";
import type { Backend, LayerCheck, LoadedModelInfo } from "../types";
import { CachePool } from "./cache/pool";
import { floatBytes } from "./floats";
import type { GpuDevice } from "./gpu-device";
import { type CacheShape, type GraphSpec, readGraphSpec } from "./graph-spec";
import type { KvCacheFactory } from "./cache/kv-cache";
import type { SequenceCache } from "./cache/sequence-cache";
import { checkLayersOnGpu } from "./layer-check";
import { OnnxModel } from "./model";
import { readGraphFiles, readSettings } from "./package-files";
import { checkPart } from "./part-check";
import { RingDecoder, RingSequence } from "./ring-decoder";
import { ModelRunner } from "./runner";
import type { Ort } from "./runtime";
import { cacheFactories, createSession } from "./session";
import { OnnxStage } from "./stage";
import { type TakeTurn, type TurnQueue, turnTaker } from "./turns";

/** Caches that wait for the next turn of their conversation. Each holds memory in every stage of the ring. */
const IDLE_SEQUENCES = 2;
/** Bytes of the keys and values at both ends, of running answers and those that wait. */
const CACHE_BYTES = 128 * 2 ** 20;
/** Most tokens that are guessed ahead: more would rarely all be right. */
const MAX_DRAFT = 8;
/** Timed runs of each kind, after one that compiles the kernels; a run as long as `LONG_RUN_MS` is enough by itself. */
const TIMED_RUNS = 3;
const LONG_RUN_MS = 100;

/** The parts of a worker that its loaded models and stages share. */
export interface Bench {
  readonly ort: Ort;
  readonly backend: Backend;
  readonly gpu: GpuDevice | undefined;
  /** Rejects when the device is lost. */
  readonly lost: Promise<never>;
  readonly turns: TurnQueue;
  /** Whole models in memory, by their ids; they come and go. */
  readonly models: ReadonlyMap<string, OnnxModel>;
}

interface LoadedPart {
  readonly runner: ModelRunner;
  readonly spec: GraphSpec;
  readonly create: KvCacheFactory<SequenceCache>;
  readonly checked: LayerCheck | undefined;
}

/** Loads a stage and times it. Throws as `OnnxEngine.load` does. */
export async function loadStage(
  bench: Bench,
  pkg: StagePackage,
  options: { limits: StageLimits; signal: AbortSignal },
): Promise<OnnxStage> {
  const { limits, signal } = options;
  const shape = { heads: undefined, headDim: undefined };
  const { contextLength } = limits;
  const stepTokens = Math.min(limits.stepTokens, contextLength);
  const part = await loadPart(bench, pkg, { shape, contextLength, stepTokens, signal });
  const turn = turnTaker(bench);
  const times = await timeStage(part, stepTokens, turn, signal);
  const { spec, checked } = part;
  const info = { id: pkg.id, backend: bench.backend, kvBytesPerToken: spec.bytesPerToken, checked, ...times };
  return new OnnxStage({ info, ...part, limits, turn });
}

/** Loads the ends of a model, which answer by way of `ring`. Throws as `OnnxEngine.load` does. */
export async function loadEnds(
  bench: Bench,
  pkg: PipelinePackage,
  options: { ring: StageService; signal: AbortSignal },
): Promise<OnnxModel<RingSequence>> {
  const { ring, signal } = options;
  const settings = await readSettings(pkg.files, options);
  const contextLength = Math.min(settings.contextLength, pkg.contextLength);
  const { window } = settings;
  const terms = { shape: settings, contextLength, stepTokens: pkg.stepTokens, window, signal };
  const front = await loadPart(bench, pkg.front, terms);
  const back = await loadPart(bench, pkg.back, terms);
  const ends = {
    front: { runner: front.runner, batches: front.spec.batches[bench.backend] },
    back: { runner: back.runner, batches: back.spec.batches[bench.backend] },
    backHasLayers: back.spec.slots.length + back.spec.fixed.length > 0,
    returns: pkg.back.part.takes,
    stepTokens: pkg.stepTokens,
  };
  return new OnnxModel<RingSequence>({
    info: {
      ...infoOf(pkg, bench, { contextLength, tokenizerHash: settings.tokenizer.hash }),
      sampling: settings.sampling,
      chat: settings.tokenizer.abilities,
      checked: together(front.checked, back.checked),
    },
    parts: {
      ...settings,
      contextLength,
      decoder: (turn) => new RingDecoder(ends, ring, turn),
      pool: new CachePool({
        create: () => new RingSequence(ring, { front: front.create(), back: back.create(), canGoBack: pkg.canGoBack }),
        maxBytes: CACHE_BYTES,
        maxCount: IDLE_SEQUENCES,
      }),
      prefillChunk: pkg.stepTokens,
      maxDraft: pkg.canGoBack ? Math.min(MAX_DRAFT, pkg.maxDraft, pkg.stepTokens - 1) : 0,
      guesser: (answer, model, asker) => {
        const small = bench.models.get(model);
        return small?.info.tokenizerHash === settings.tokenizer.hash ? small.guesser(answer, asker) : undefined;
      },
      release: async () => {
        await front.runner.release();
        await back.runner.release();
      },
    },
    turns: bench.turns,
    places: ANSWERS_AT_ONCE,
    lost: bench.lost,
  });
}

async function loadPart(
  bench: Bench,
  pkg: StagePackage,
  options: {
    readonly shape: CacheShape;
    readonly contextLength: number;
    readonly stepTokens: number;
    readonly window?: number | undefined;
    readonly signal: AbortSignal;
  },
): Promise<LoadedPart> {
  const { ort, gpu, turns } = bench;
  const device = gpu?.device;
  const { shape, contextLength, stepTokens, signal } = options;
  const blobs = new Map(pkg.files.map((file) => [file.path, file.blob]));
  const files = await readGraphFiles(GRAPH, blobs.set(GRAPH, pkg.graph), { signal });
  const spec = readGraphSpec(files.graph, shape, pkg.part);
  const { sample } = pkg;
  const checked =
    gpu &&
    sample &&
    (await checkLayersOnGpu(sample, { ort, gpu, turns, shape, contextLength, window: options.window, signal }));
  const session = await turns.run(() => createSession(ort, files, gpu, { signal, expand: pkg.expand }), { signal });
  try {
    const caches = cacheFactories(ort, spec, device, contextLength);
    const runner = new ModelRunner(ort, session, spec, device);
    // The CPU's kernels are the same everywhere.
    if (!device) return { runner, spec, create: caches.plain, checked };
    const turn = turnTaker(bench);
    const subject = { runner, spec, ...caches, turn: <T>(work: () => Promise<T>) => turn(work, signal) };
    const { chunk, create } = await checkPart(subject, stepTokens);
    runner.limit(chunk);
    return { runner, spec, create, checked };
  } catch (error) {
    await turns.run(() => session.release()).catch(() => undefined);
    throw error;
  }
}

function together(front: LayerCheck | undefined, back: LayerCheck | undefined): LayerCheck | undefined {
  if (!front || !back) return front ?? back;
  return { layers: front.layers + back.layers, leftOut: [...front.leftOut, ...back.leftOut] };
}

/** Name of a part's graph among its files, where weights have no folder. */
const GRAPH = "graph.onnx";

/** Times steps of a prompt and single tokens after it, and takes the best of a few of each. The input is all zeros. */
async function timeStage(
  { runner, spec, create }: LoadedPart,
  stepTokens: number,
  turn: TakeTurn,
  signal: AbortSignal,
): Promise<Pick<StageInfo, "prefillMs" | "decodeMs">> {
  let cache = create();
  const time = (count: number, options: { afresh: boolean }): Promise<number> =>
    turn(async () => {
      if (options.afresh) {
        cache.dispose();
        cache = create();
      }
      const start = performance.now();
      await runner.run(cache, { hidden: zeros(spec.hidden.takes, count), count }, { logits: 0, hidden: true });
      return performance.now() - start;
    }, signal);
  try {
    const stepMs = await bestTime(() => time(stepTokens, { afresh: true }));
    return { prefillMs: stepMs / stepTokens, decodeMs: await bestTime(() => time(1, { afresh: false })) };
  } finally {
    cache.dispose();
  }
}

async function bestTime(run: () => Promise<number>): Promise<number> {
  await run();
  let best = Infinity;
  for (let times = 0; times < TIMED_RUNS; times++) {
    best = Math.min(best, await run());
    if (best > LONG_RUN_MS) break;
  }
  return best;
}

function zeros(slots: readonly HiddenSlot[], count: number): HiddenState {
  return slots.map(({ name, type, width }) => ({
    name,
    type,
    bytes: new Uint8Array(count * width * floatBytes(type)),
  }));
}

function infoOf(
  { id, name, packageHash, stepTokens }: PipelinePackage,
  { backend }: Bench,
  facts: { readonly contextLength: number; readonly tokenizerHash: string },
): LoadedModelInfo {
  return {
    id,
    name,
    packageHash,
    engine: "onnx",
    backend,
    ...facts,
    prefillChunk: stepTokens,
    kvInPlace: false,
  };
}
