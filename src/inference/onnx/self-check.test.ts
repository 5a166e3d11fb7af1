import { describe, expect, it } from "vitest";
import type { KvCache } from "./cache/kv-cache";
import type { ModelRunner } from "./runner";
import { CHECK_TOKENS, checkModel, difference } from "./self-check";

const text = Array.from({ length: 300 }, (_, index) => index);
const turn = <T>(work: () => Promise<T>): Promise<T> => work();

/** A cache that only counts; `kind` tells the runner how it is bound. */
function cache(kind: "plain" | "inPlace"): KvCache & { kind: string } {
  const none = (): Record<string, never> => ({});
  return {
    kind,
    length: 0,
    bytes: 0,
    canGoBack: true,
    reserve: () => Promise.resolve(),
    separate: () => Promise.resolve(),
    feeds: none,
    fetches: none,
    advance: none,
    truncate: none,
    dispose: none,
  };
}

/** A backend whose logits are wrong from `wrongFrom` tokens a call on, or with caches bound in place. */
function runner(faults: { wrongFrom?: number; inPlace?: boolean; numbers?: boolean }): ModelRunner {
  const wrong = new WeakSet<KvCache>();
  const note = (to: KvCache, count: number): void => {
    const inPlace = (to as ReturnType<typeof cache>).kind === "inPlace";
    if (count >= (faults.wrongFrom ?? Infinity) || (faults.inPlace === true && inPlace)) wrong.add(to);
  };
  const fake = {
    feed: (to: KvCache, chunk: readonly number[]) => {
      note(to, chunk.length);
      return Promise.resolve();
    },
    predict: (to: KvCache, chunk: readonly number[]) => {
      note(to, chunk.length);
      if (faults.numbers === false) return Promise.resolve([Float32Array.of(Number.NaN, 1)]);
      return Promise.resolve([wrong.has(to) ? Float32Array.of(9, 1, 2) : Float32Array.of(1, 2, 9.0001)]);
    },
  };
  return fake as unknown as ModelRunner;
}

describe("checkModel", () => {
  const subject = (faults: Parameters<typeof runner>[0], ids = text.slice(0, CHECK_TOKENS)) => ({
    runner: runner(faults),
    ids,
    plain: () => cache("plain"),
    inPlace: () => cache("inPlace"),
    known: { prompt: [0, 1, 2], answer: [2, 2, 2] },
    rounds: false,
    trained: true,
  });

  it.each([
    ["nothing is wrong", {}, { prefillChunk: 48, kvInPlace: true }],
    ["32 tokens in one call go wrong", { wrongFrom: 32 }, { prefillChunk: 31, kvInPlace: true }],
    ["17 tokens in one call go wrong", { wrongFrom: 17 }, { prefillChunk: 16, kvInPlace: true }],
    ["everything but small steps goes wrong", { wrongFrom: 9 }, { prefillChunk: 8, kvInPlace: true }],
    ["caches in place go wrong", { inPlace: true }, { prefillChunk: 48, kvInPlace: false }],
  ])("trusts the settings that agree when %s", async (_, faults, result) => {
    expect(await checkModel(subject(faults), { turn })).toMatchObject(result);
  });

  it.each([
    ["256 where it agrees and is quick", {}, 0.1, 256],
    ["128 where 256 goes wrong", { wrongFrom: 200 }, 0.1, 128],
    ["48 where 128 goes wrong", { wrongFrom: 100 }, 0.1, 48],
    ["48 where longer ones would keep others waiting", {}, 200, 48],
  ] as const)("accepts a long chunk of %s", async (_, faults, stepMs, prefillChunk) => {
    let clock = 0;
    const result = await checkModel(subject(faults, text), { turn, now: () => (clock += stepMs) });
    expect(result).toMatchObject({ prefillChunk, kvInPlace: true });
  });

  it.each([
    ["allows for rounding where a graph rounds what it computes with", 2, true, 48],
    ["allows for no more than that", 5, true, 8],
    ["allows for none elsewhere", 2, false, 8],
  ])("%s", async (_, off, rounds, prefillChunk) => {
    const rough = { ...subject({}), rounds };
    rough.runner.predict = (_cache, chunk) => Promise.resolve([Float32Array.of(chunk.length > 8 ? 1 + off : 1, 2, 9)]);
    await expect(checkModel(rough, { turn })).resolves.toMatchObject({ prefillChunk });
  });

  it("refuses a model that computes no numbers", async () => {
    await expect(checkModel(subject({ numbers: false }), { turn })).rejects.toMatchObject({ code: "wrong-results" });
  });

  it("refuses a backend whose single steps agree with no piece", async () => {
    await expect(checkModel(subject({ wrongFrom: 2 }), { turn })).rejects.toMatchObject({ code: "wrong-results" });
  });

  it("measures decoding by its fastest step", async () => {
    let clock = 0;
    const result = await checkModel(subject({}), { turn, now: () => (clock += 20) });
    expect(result.decodeRate).toBe(50);
  });
});

describe("difference", () => {
  it("is a fraction of the spread, and infinite for values that are not numbers", () => {
    expect(difference(Float32Array.of(1, 2, 3), Float32Array.of(1, 2, 3))).toBe(0);
    expect(difference(Float32Array.of(10, 20, 31), Float32Array.of(10, 20, 30))).toBeCloseTo(1 / Math.sqrt(200), 3);
    expect(difference(Float32Array.of(Number.NaN), Float32Array.of(1))).toBe(Infinity);
  });
});
