/** The guide model in a ring of stages, all in this process, against its golden completions. */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import type { GenerationRequest, HiddenState, LoadedModel, StageService } from "../../inference";
import { OnnxEngine } from "../../inference/onnx";
import { goldenItems, guidePackage, nodeOrt } from "../../inference/testing/node";
import { type StageRange, readDecoder } from "../split";
import { stagePackage, weightsOf } from "./packages";

const GRAPH = new URL("../../../public/models/guide/onnx/model_q4.onnx", import.meta.url);
const signal = new AbortController().signal;
const LIMITS = { sequences: 16, contextLength: 1024, stepTokens: 32, cacheBytes: 2 ** 28 };

/** Stages one behind the other. */
function chain(stages: readonly StageService[]): StageService {
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

describe("the guide model around a ring", { timeout: 60_000 }, () => {
  const engine = new OnnxEngine({ loadRuntime: nodeOrt });
  const decoder = readDecoder(new Uint8Array(readFileSync(GRAPH)));
  const pkg = guidePackage();
  const weights = weightsOf(new Map([["model_q4.onnx_data", new Blob([readFileSync(`${GRAPH.pathname}_data`)])]]));
  const part = (range: StageRange) => stagePackage(decoder, range, { id: "part", name: "Part", weights, signal });
  const middle = { embed: false, head: false };

  async function load(ring: StageService, ends: readonly [front: number, back: number]): Promise<LoadedModel> {
    return engine.loadEnds(
      {
        ...pkg,
        front: await part({ embed: true, from: 0, to: ends[0], head: false }),
        back: await part({ embed: false, from: ends[1], to: 6, head: true }),
        stepTokens: 16,
      },
      { signal, backend: "wasm", ring },
    );
  }

  async function stage(from: number, to: number) {
    return engine.loadStage(await part({ ...middle, from, to }), { signal, backend: "wasm", limits: LIMITS });
  }

  async function answer(model: LoadedModel, item: (typeof items)[number], more: Partial<GenerationRequest> = {}) {
    const ids: number[] = [];
    const sampling = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };
    const request = { model: "guide", messages: item.messages, sampling, maxTokens: 200, ...more };
    for await (const event of model.generate(request, { signal })) if (event.type === "token") ids.push(...event.ids);
    return ids;
  }

  const items = goldenItems().filter(({ completion_ids }) => completion_ids.length < 24);
  let ring: StageService;
  beforeAll(async () => {
    ring = chain([await stage(1, 3), await stage(3, 4)]);
  });

  it("gives the golden completions, with layers at both ends and two stages between", async () => {
    const model = await load(ring, [1, 4]);
    for (const item of items) expect(await answer(model, item)).toEqual(item.completion_ids.slice(0, -1));
    await model.unload();
  });

  it("gives them with nothing but embedding and head here, to two who ask at once", async () => {
    const model = await load(await stage(0, 6), [0, 6]);
    const [a, b] = items;
    expect(await Promise.all([answer(model, a!), answer(model, b!)])).toEqual([
      a!.completion_ids.slice(0, -1),
      b!.completion_ids.slice(0, -1),
    ]);
  });

  it("reads again what the ring has forgotten, and what came back broken", async () => {
    let steps = 0;
    const faulty: StageService = {
      forward: async (step, options) => {
        const hidden = await ring.forward(step, options);
        steps++;
        // Once in the middle of the prompt, once in the middle of the answer.
        if (steps === 2) ring.end(step.sequence);
        return steps === 6 ? spoiled(hidden) : hidden;
      },
      end: (sequence) => ring.end(sequence),
    };
    const model = await load(faulty, [1, 4]);
    const item = items.find(({ prompt_ids }) => prompt_ids.length > 20)!;
    expect(await answer(model, item)).toEqual(item.completion_ids.slice(0, -1));
    expect(steps).toBeGreaterThan(8);
  });
});

function spoiled(hidden: HiddenState): HiddenState {
  return hidden.map((tensor) => ({ ...tensor, bytes: tensor.bytes.map(() => 255) }));
}
