/** Answers that are computed together, on ONNX Runtime's WASM build in Node: each gets the tokens that it gets alone. */
import { describe, expect, it } from "vitest";
import { readGraph } from "../../onnx";
import { randomDecoder } from "../testing";
import type { DecoderShape } from "../testing/decoder-shape";
import { FAMILIES } from "../testing/families";
import { type WatchedRun, goldenItems, guidePackage, nodeOrt, watchedOrt } from "../testing/node";
import type { GenerationRequest, LoadedModel, Sampling } from "../types";
import { BatchingDecoder } from "./batching-decoder";
import { OnnxEngine } from "./engine";
import { readGraphSpec } from "./graph-spec";
import { ModelRunner } from "./runner";
import { difference } from "./self-check";
import { cacheFactories, createSession } from "./session";
import { TurnQueue } from "./turns";

const GREEDY: Sampling = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };
const HOT: Sampling = { temperature: 4, topK: 500, topP: 0.98, minP: 0, repetitionPenalty: 1.1 };
const signal = new AbortController().signal;

/** The guide model, and the numbers of sequences of its runs since it was loaded. */
async function loadGuide(onRun: (run: WatchedRun, rows: number) => void = () => undefined) {
  const rows: number[] = [];
  const loadRuntime = () =>
    watchedOrt((run) => {
      const count = run.feeds.input_ids?.dims[0] ?? 0;
      rows.push(count);
      onRun(run, count);
    });
  const engine = new OnnxEngine({ loadRuntime });
  const model = await engine.load(guidePackage(), { signal, backend: "wasm", onProgress: () => undefined });
  rows.length = 0;
  return { model, rows };
}

async function idsOf(model: LoadedModel, request: Partial<GenerationRequest>, stop = signal): Promise<number[]> {
  const ids: number[] = [];
  const whole = { model: "guide", messages: [], sampling: GREEDY, maxTokens: 200, ...request };
  for await (const event of model.generate(whole, { signal: stop })) {
    if (event.type === "token") ids.push(...event.ids);
  }
  return ids;
}

/** Answers of different lengths, so that some leave while others go on. */
const ITEMS = goldenItems()
  .filter(({ completion_ids }) => completion_ids.length < 60)
  .slice(0, 8);
const WANTED = ITEMS.map(({ completion_ids }) => completion_ids.slice(0, -1));

describe("several answers at once", () => {
  it("give the reference's tokens in a fraction of the runs", async () => {
    const { model, rows } = await loadGuide();
    const answers = await Promise.all(ITEMS.map(({ messages }) => idsOf(model, { messages })));
    expect(answers).toEqual(WANTED);
    expect(Math.max(...rows)).toBe(ITEMS.length);
    const tokens = WANTED.flat().length;
    expect(rows.length).toBeLessThan(0.6 * tokens);
    await model.unload();
  });

  it("give the same tokens as alone when they are sampled with seeds, and begin at different times", async () => {
    const { model, rows } = await loadGuide();
    const requests = ITEMS.slice(0, 4).map(({ messages }, seed) => {
      return { messages, sampling: HOT, seed, maxTokens: 20 + 5 * seed };
    });
    const alone = [];
    for (const request of requests) alone.push(await idsOf(model, request));
    expect(Math.max(...rows)).toBe(1);
    const later: Promise<number[]>[] = [];
    const together = [];
    for await (const event of model.generate({ model: "guide", ...requests[3]! }, { signal })) {
      if (event.type !== "token") continue;
      together.push(...event.ids);
      if (later.length < 3 && together.length >= 4 * (later.length + 1)) {
        later.push(idsOf(model, requests[later.length]!));
      }
    }
    expect([...(await Promise.all(later)), together]).toEqual(alone);
    expect(new Set(rows)).toEqual(new Set([1, 2, 3, 4]));
    await model.unload();
  });

  it("wait for one piece of a prompt at most, however many others begin", async () => {
    const lengths: number[] = [];
    const { model } = await loadGuide(({ feeds }) => lengths.push(feeds.input_ids?.dims[1] ?? 0));
    const others: Promise<number[]>[] = [];
    let began = 0;
    let count = 0;
    const longest = [...ITEMS].sort((a, b) => b.completion_ids.length - a.completion_ids.length)[0]!;
    const request = { model: "guide", messages: longest.messages, sampling: GREEDY, maxTokens: 200 };
    for await (const event of model.generate(request, { signal })) {
      if (event.type !== "token" || ++count !== 3) continue;
      began = lengths.length;
      for (const word of ["one", "two", "three", "four"]) {
        const messages = [{ role: "user", content: `${word} more `.repeat(40) }] as const;
        others.push(idsOf(model, { messages, maxTokens: 2 }));
      }
    }
    await Promise.all(others);
    const pieces = lengths.slice(began).map((length, at, all) => length > 1 && (all[at - 1] ?? 1) > 1);
    expect(lengths.slice(began).filter((length) => length > 1).length).toBeGreaterThan(6);
    expect(pieces.indexOf(true)).toBe(-1);
    await model.unload();
  });

  it("go on when one of them is aborted, and use its cache again", async () => {
    const { model } = await loadGuide();
    const controller = new AbortController();
    const [longest, ...others] = [...ITEMS].sort((a, b) => b.completion_ids.length - a.completion_ids.length);
    const stopped = (async () => {
      let count = 0;
      const request = { model: "guide", messages: longest!.messages, sampling: GREEDY, maxTokens: 200 };
      for await (const event of model.generate(request, { signal: controller.signal })) {
        if (event.type === "token" && ++count === 3) controller.abort(new Error("Stop."));
      }
    })();
    const answers = Promise.all(others.map(({ messages }) => idsOf(model, { messages })));
    await expect(stopped).rejects.toThrow("Stop.");
    expect(await answers).toEqual(others.map(({ completion_ids }) => completion_ids.slice(0, -1)));
    expect(await idsOf(model, { messages: longest!.messages })).toEqual(longest!.completion_ids.slice(0, -1));
    await model.unload();
  });

  it.each(["wrong results", "an error"])("are right where more than two together give %s", async (fault) => {
    const { model, rows } = await loadGuide(({ outputs }, count) => {
      if (count <= 2) return;
      if (fault === "an error") throw new Error("This kernel takes two rows at most.");
      const logits = outputs.logits!.data as Float32Array;
      logits.set(Float32Array.from([...logits.subarray(1), logits[0]!]));
    });
    expect(await Promise.all(ITEMS.map(({ messages }) => idsOf(model, { messages })))).toEqual(WANTED);
    // Each number is tried once, and not again.
    const larger = rows.filter((count) => count > 2);
    expect(larger.length).toBeGreaterThan(0);
    expect(larger).toEqual([...new Set(larger)]);
    expect(rows.filter((count) => count === 2).length).toBeGreaterThan(10);
    await model.unload();
  });
});

const SHAPES: Record<string, DecoderShape> = {
  "grouped attention": {},
  "packed grouped attention with a window": { attention: "packed", window: 6 },
  "spelled-out attention": { attention: "primitive", positions: "rotary", positionIds: true, hidesPadding: true },
  "a learned table of positions": { positions: "learned", positionIds: true },
  "logits as asked": { logits: "as-asked" },
  "a flat head": { head: "flat" },
  ...FAMILIES,
};

/** It looks at all tokens before, also at those that only pad a shorter text. */
const BLIND: DecoderShape = { attention: "primitive", positions: "rotary", positionIds: true };

describe.each([
  ...Object.entries(SHAPES).map(([name, shape]) => ({ name, shape, together: true })),
  { name: "a mask that it ignores", shape: BLIND, together: false },
])("a decoder with $name", ({ shape, together: runTogether }) => {
  it("computes the next tokens of several sequences as it computes each alone", async () => {
    const { model } = randomDecoder({ ...shape, externalFiles: [] });
    const [ort, graph] = [await nodeOrt(), readGraph(model)];
    const session = await createSession(ort, { graphBytes: model, graph, external: [] }, undefined, {
      signal,
      expand: false,
    });
    const spec = readGraphSpec(graph, { heads: undefined, headDim: undefined });
    const runner = new ModelRunner(ort, session, spec, undefined);
    const create = cacheFactories(ort, spec, undefined, 128).plain;
    const turns = new TurnQueue();
    const decoder = new BatchingDecoder({ runner, turn: (work) => turns.run(work), enabled: spec.batches.wasm });
    const idAt = (sequence: number, at: number): number => (7 * sequence + 3 * at + at * at) % 50;
    const prompt = (sequence: number): number[] =>
      Array.from({ length: 2 + 5 * sequence }, (_, at) => idAt(sequence, at));
    const run = async (sequence: number, steps: number, start: (cache: ReturnType<typeof create>) => Promise<void>) => {
      const cache = create();
      await decoder.feed(cache, prompt(sequence), signal);
      await start(cache);
      const rows: Float32Array[] = [];
      for (let step = 0; step < steps; step++) {
        const [logits] = await decoder.predict(cache, [idAt(sequence, cache.length)], 1, signal);
        rows.push(logits!);
      }
      cache.dispose();
      return rows;
    };
    const steps = [9, 4, 7];
    const alone: Float32Array[][] = [];
    for (const [sequence, count] of steps.entries()) alone.push(await run(sequence, count, () => Promise.resolve()));
    let runs = 0;
    const spy = session.run.bind(session);
    Object.assign(session, { run: (...args: Parameters<typeof spy>) => (runs++, spy(...args)) });
    let ready = 0;
    let begin: () => void;
    const all = new Promise<void>((resolve) => (begin = resolve));
    const together = await Promise.all(
      steps.map((count, sequence) =>
        run(sequence, count, () => {
          if (++ready === steps.length) begin();
          return all;
        }),
      ),
    );
    for (const [sequence, rows] of together.entries()) {
      for (const [step, logits] of rows.entries()) {
        expect(difference(logits, alone[sequence]![step]!), `sequence ${sequence}, step ${step}`).toBeLessThan(1e-4);
      }
    }
    // Three prompts, nine steps, and one more for each sequence at a number of sequences that is new.
    if (runTogether) expect(runs).toBe(3 + 9 + 3 + 2);
    else expect(runs).toBeGreaterThan(3 + 9 + 4 + 7);
    await runner.release();
  });
});
