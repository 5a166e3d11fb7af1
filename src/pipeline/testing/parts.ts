/** A model in parts, for tests in Node. Never bundled. */
import {
  type HiddenSlot,
  type LoadedModel,
  type ModelPackage,
  type PipelinePackage,
  type StageLimits,
  type StageService,
  expandedBytes,
} from "../../inference";
import { OnnxEngine } from "../../inference/onnx";
import type { randomDecoder } from "../../inference/testing";
import { type WatchedRun, nodeOrt, watchedOrt } from "../../inference/testing/node";
import { type WeightSource, stagePackage } from "../run/packages";
import { type DecoderGraph, type StageRange, extractStage, graphOf, readDecoder } from "../split";
import { weightsInFiles } from "./files";

type OnnxPackage = Extract<ModelPackage, { engine: "onnx" }>;

const signal = new AbortController().signal;

/** Maximum number of tokens in one step. */
export const STEP_TOKENS = 16;
const LIMITS = { sequences: 16, contextLength: 1024, stepTokens: STEP_TOKENS, cacheBytes: 2 ** 28 };

/** A stage in memory. */
type LoadedStage = Awaited<ReturnType<OnnxEngine["loadStage"]>>;

/** Loads parts of one model, all with one engine. */
export class PartsInMemory {
  readonly decoder: DecoderGraph;
  readonly #engine: OnnxEngine;
  readonly #package: OnnxPackage;
  readonly #weights: WeightSource;

  /** `pkg` is the whole model; `files` are its graph and its weights. `onRun` is called after each run of a part. */
  constructor(pkg: OnnxPackage, files: ReturnType<typeof randomDecoder>, onRun?: (run: WatchedRun) => void) {
    this.#engine = new OnnxEngine({ loadRuntime: onRun ? () => watchedOrt(onRun) : nodeOrt });
    this.#package = pkg;
    this.decoder = readDecoder(files.model);
    this.#weights = weightsInFiles(
      new Map(files.external.map(({ name, bytes }) => [name, new Blob([bytes as BlobPart])])),
    );
  }

  /** Loads the layers `[from, to)`. */
  async stage(from: number, to: number, limits: Partial<StageLimits> = {}): Promise<LoadedStage> {
    const pkg = await this.#part({ embed: false, from, to, head: false });
    return this.#engine.loadStage(pkg, { signal, backend: "wasm", limits: { ...LIMITS, ...limits } });
  }

  /** The tensors that come back from the ring before layer `to`. */
  async returns(to: number): Promise<readonly HiddenSlot[]> {
    return (await this.#part({ embed: false, from: to, to: this.decoder.layers, head: true })).part.takes;
  }

  /** Loads a whole model with the same engine; this one by default. */
  whole(pkg: ModelPackage = this.#package): Promise<LoadedModel> {
    return this.#engine.load(pkg, { signal, backend: "wasm", onProgress: () => undefined });
  }

  /** Loads the two ends of the model; `ring` computes the layers `[from, to)`. */
  async model(
    ring: StageService,
    from: number,
    to: number,
    options: Partial<Pick<PipelinePackage, "maxDraft" | "contextLength">> = {},
  ): Promise<LoadedModel> {
    const front = await this.#part({ embed: true, from: 0, to: from, head: false });
    const back = await this.#part({ embed: false, from: to, to: this.decoder.layers, head: true });
    const { contextLength } = LIMITS;
    return this.#engine.loadEnds(
      {
        ...this.#package,
        front,
        back,
        contextLength,
        stepTokens: STEP_TOKENS,
        canGoBack: this.decoder.truncatable,
        maxDraft: 0,
        ...options,
      },
      { signal, backend: "wasm", ring },
    );
  }

  #part(range: StageRange) {
    return stagePackage(extractStage(this.decoder, range), range, {
      id: "part",
      name: "Part",
      weights: this.#weights,
      expand: expandedBytes(graphOf(this.decoder)) !== undefined,
      signal,
    });
  }
}

/** Stages one behind the other. */
export function chain(stages: readonly StageService[]): StageService {
  return {
    forward: async (step, options) => {
      let { hidden } = step;
      for (const stage of stages) hidden = await stage.forward({ ...step, hidden }, options);
      return hidden;
    },
    end: (sequence) => {
      for (const stage of stages) stage.end(sequence);
    },
  };
}
