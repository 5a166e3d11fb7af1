/** The engine on random models of the architectures that hubs have, on ONNX Runtime's WASM build in Node. */
import { describe, expect, it } from "vitest";
import { type RandomModelOptions } from "../testing";
import { nodeOrt, randomPackage } from "../testing/node";
import { OnnxEngine } from "./engine";

const signal = new AbortController().signal;

async function load(options: RandomModelOptions) {
  const engine = new OnnxEngine({ loadRuntime: nodeOrt });
  return engine.load(randomPackage(options), { signal, backend: "wasm", onProgress: () => undefined });
}

async function greedyIds(options: RandomModelOptions, maxTokens = 24): Promise<number[]> {
  const model = await load(options);
  const ids: number[] = [];
  const sampling = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1.3 };
  const messages = [
    {
      role: "user",
      content: "a prompt of some length, so that it takes more than one chunk to read it, and then a bit more of it",
    },
  ] as const;
  for await (const event of model.generate({ model: "random", messages, sampling, maxTokens }, { signal })) {
    if (event.type === "token") ids.push(...event.ids);
  }
  await model.unload();
  return ids;
}

const plainAnswers = new Map<RandomModelOptions, Promise<number[]>>();

/** The answer of the plain graph, computed once for all variants that are compared with it. */
function plainIds(base: RandomModelOptions): Promise<number[]> {
  const ids = plainAnswers.get(base) ?? greedyIds(base);
  plainAnswers.set(base, ids);
  return ids;
}

/** Same weights, positions looked up in a table: however attention and caches are spelled, the answer is one. */
const TABLE: RandomModelOptions = { seed: 7, attention: "grouped", positionIds: true };
/** Same weights, positions by rotation. */
const ROTARY: RandomModelOptions = { seed: 7, attention: "grouped", positionIds: false };

describe("architectures", () => {
  it.each([
    ["primitive attention with position_ids", TABLE, { attention: "primitive" }],
    ["primitive attention without position_ids", TABLE, { attention: "primitive", positionIds: false }],
    ["fp16 caches in primitive attention", TABLE, { attention: "primitive", cacheType: "float16" }],
    ["fp16 caches in grouped attention", TABLE, { cacheType: "float16" }],
    ["external data in three files", ROTARY, { externalFiles: ["a.bin", "b.bin", "c.bin"] }],
    ["a limit on logits", ROTARY, { logitsToKeep: true }],
    ["a cache that is read beside attention", ROTARY, { cacheReader: true }],
  ] as const)("with %s answer like the plain graph of the same weights", async (_, base, change) => {
    const expected = await plainIds(base);
    expect(new Set(expected).size).toBeGreaterThan(8); // an answer that repeats itself would prove little
    expect(await greedyIds({ ...base, ...change })).toEqual(expected);
  });

  it("may have layers with different head sizes", async () => {
    expect(new Set(await greedyIds({ ...ROTARY, headDims: [16, 32, 16] })).size).toBeGreaterThan(8);
  });

  it("are refused with the name of an input that the engine cannot provide", async () => {
    await expect(load({ ...ROTARY, strangeInput: "pixel_values" })).rejects.toMatchObject({
      code: "unsupported-model",
      message: expect.stringContaining("pixel_values") as unknown,
    });
  });
});
