/** The guide model in parts, for tests in Node. Never bundled. */
import { readFileSync } from "node:fs";
import {
  type EngineRequest,
  type HiddenSlot,
  type LoadedModel,
  type ModelPackage,
  type PipelinePackage,
  type StageLimits,
  type StageService,
  expandsWeights,
} from "../../inference";
import { OnnxEngine } from "../../inference/onnx";
import { type GoldenItem, goldenItems, guidePackage, nodeOrt } from "../../inference/testing/node";
import { type StageRange, readDecoder } from "../split";
import { stagePackage } from "../run/packages";
import { weightsInFiles } from "./files";

const GRAPH = new URL("../../../public/models/guide/onnx/model_q4.onnx", import.meta.url);
const signal = new AbortController().signal;

/** Layers of the guide model. */
const GUIDE_LAYERS = 6;
/** Maximum number of tokens in one step. */
export const STEP_TOKENS = 16;
const LIMITS = { sequences: 16, contextLength: 1024, stepTokens: STEP_TOKENS, cacheBytes: 2 ** 28 };

/** Golden completions that do not take long. */
export const shortItems = (): GoldenItem[] => goldenItems().filter(({ completion_ids }) => completion_ids.length < 24);

/** A stage in memory. */
type LoadedStage = Awaited<ReturnType<OnnxEngine["loadStage"]>>;

/** Loads parts of the guide model, all with one engine. */
export class GuideParts {
  readonly #engine = new OnnxEngine({ loadRuntime: nodeOrt });
  readonly #graph = new Uint8Array(readFileSync(GRAPH));
  readonly #decoder = readDecoder(this.#graph);
  readonly #weights = weightsInFiles(
    new Map([["model_q4.onnx_data", new Blob([readFileSync(`${GRAPH.pathname}_data`)])]]),
  );

  /** Loads the layers `[from, to)`. */
  async stage(from: number, to: number, limits: Partial<StageLimits> = {}): Promise<LoadedStage> {
    const pkg = await this.#part({ embed: false, from, to, head: false });
    return this.#engine.loadStage(pkg, { signal, backend: "wasm", limits: { ...LIMITS, ...limits } });
  }

  /** The tensors that come back from the ring before layer `to`. */
  async returns(to: number): Promise<readonly HiddenSlot[]> {
    return (await this.#part({ embed: false, from: to, to: GUIDE_LAYERS, head: true })).part.takes;
  }

  /** Loads a whole model with the same engine. */
  whole(pkg: ModelPackage): Promise<LoadedModel> {
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
    const back = await this.#part({ embed: false, from: to, to: GUIDE_LAYERS, head: true });
    const { contextLength } = LIMITS;
    return this.#engine.loadEnds(
      { ...guidePackage(), front, back, contextLength, stepTokens: STEP_TOKENS, maxDraft: 0, ...options },
      { signal, backend: "wasm", ring },
    );
  }

  #part(range: StageRange) {
    return stagePackage(this.#decoder, range, {
      id: "part",
      name: "Part",
      weights: this.#weights,
      expand: expandsWeights(this.#graph),
      signal,
    });
  }
}

/** The ids of an answer, greedy unless `more` says otherwise; `onToken` is called with their number after each. */
export async function answerIds(
  model: LoadedModel,
  messages: EngineRequest["messages"],
  onToken: (count: number) => void = () => undefined,
  more: Partial<EngineRequest> = {},
): Promise<number[]> {
  const ids: number[] = [];
  const sampling = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };
  const request = { model: "guide", messages, sampling, maxTokens: 200, ...more };
  for await (const event of model.generate(request, { signal })) {
    if (event.type !== "token") continue;
    ids.push(...event.ids);
    onToken(ids.length);
  }
  return ids;
}
