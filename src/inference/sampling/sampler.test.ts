import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Sampling } from "../types";
import { tokenLogprob } from "./logprobs";
import { sampleToken } from "./sampler";

const OPEN: Sampling = { temperature: 1, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };
const none = new Set<number>();

/** All ids that can come out, found by walking through the random numbers. */
function support(logits: Float32Array, sampling: Sampling, seen: ReadonlySet<number> = none, mask?: Int32Array) {
  const ids = new Set<number>();
  for (let step = 0; step < 2000; step++) ids.add(sampleToken(logits, sampling, { uniform: step / 2000, seen, mask }));
  return [...ids].sort((a, b) => a - b);
}

/** Probabilities 0.5, 0.25, 0.125, 0.125. */
const HALVES = Float32Array.from([0.5, 0.25, 0.125, 0.125], Math.log);

describe("sampleToken", () => {
  it("chooses the likeliest token at temperature 0, and the first of equally likely ones", () => {
    expect(sampleToken(Float32Array.of(1, 3, 3, 2), { ...OPEN, temperature: 0 }, { uniform: 0.9, seen: none })).toBe(1);
  });

  it.each([
    ["nothing filtered", {}, [0, 1, 2, 3]],
    ["top-k", { topK: 2 }, [0, 1]],
    ["top-p, exactly reached", { topP: 0.75 }, [0, 1]],
    ["top-p, just passed", { topP: 0.76 }, [0, 1, 2]],
    ["a tiny top-p leaves one", { topP: 0 }, [0]],
    ["min-p", { minP: 0.3 }, [0, 1]],
    ["top-p within top-k", { topK: 2, topP: 0.7 }, [0, 1]],
    ["top-p within top-k, of what is left", { topK: 2, topP: 0.6 }, [0]],
  ] as const)("%s", (_, change, ids) => {
    expect(support(HALVES, { ...OPEN, ...change })).toEqual(ids);
  });

  it("draws in proportion to probability", () => {
    const counts = [0, 0, 0, 0];
    for (let step = 0; step < 8000; step++) {
      const id = sampleToken(HALVES, OPEN, { uniform: (step + 0.5) / 8000, seen: none });
      counts[id] = (counts[id] ?? 0) + 1;
    }
    expect(counts).toEqual([4000, 2000, 1000, 1000]);
  });

  it("makes repeated tokens less likely, with logits above and below zero", () => {
    const greedy = { ...OPEN, temperature: 0, repetitionPenalty: 2 };
    expect(sampleToken(Float32Array.of(3, 2), greedy, { uniform: 0, seen: new Set([0]) })).toBe(1);
    expect(sampleToken(Float32Array.of(-1, -1.5), greedy, { uniform: 0, seen: new Set([0]) })).toBe(1);
  });

  it("subtracts what the penalties of presence and frequency say, as in OpenAI's formula", () => {
    const counts = new Map([[0, 3]]);
    const choose = (change: Partial<Sampling>): number =>
      sampleToken(Float32Array.of(3, 1.75), { ...OPEN, temperature: 0, ...change }, { uniform: 0, seen: none, counts });
    expect(choose({ presencePenalty: 1.2 })).toBe(0);
    expect(choose({ presencePenalty: 1.3 })).toBe(1);
    expect(choose({ frequencyPenalty: 0.4 })).toBe(0);
    expect(choose({ frequencyPenalty: 0.5 })).toBe(1);
    expect(choose({ frequencyPenalty: 0.5, presencePenalty: -1 })).toBe(0);
  });

  it("adds biases, even to ids that the model does not have", () => {
    const greedy = { ...OPEN, temperature: 0 };
    const bias = [
      [1, 100],
      [7, 100],
    ] as const;
    expect(sampleToken(Float32Array.of(3, 2), greedy, { uniform: 0, seen: none, bias })).toBe(1);
  });

  it("chooses among the ids of a mask only, whatever applies besides", () => {
    const logits = Float32Array.from({ length: 70 }, (_, id) => id / 10);
    const mask = Int32Array.of(0, -1 << 31, 0); // 63 alone
    for (const temperature of [0, 1]) {
      for (const topK of [0, 3]) {
        const sampling = { ...OPEN, temperature, topK, repetitionPenalty: 2, presencePenalty: 2 };
        const counts = new Map([[63, 9]]);
        const bias = [[5, 100]] as const;
        expect(sampleToken(logits, sampling, { uniform: 0.99, seen: new Set([63]), counts, bias, mask })).toBe(63);
      }
    }
    // A short mask forbids the rest.
    expect(support(logits, OPEN, none, Int32Array.of(0b11))).toEqual([0, 1]);
  });

  it("always chooses a token that the filters of a plain implementation allow", () => {
    const arbitrary = fc.record({
      logits: fc.array(fc.float({ min: -20, max: 20, noNaN: true }), { minLength: 1, maxLength: 40 }),
      temperature: fc.double({ min: 0.1, max: 3, noNaN: true }),
      topK: fc.nat(10),
      topP: fc.double({ min: 0, max: 1, noNaN: true }),
      minP: fc.double({ min: 0, max: 1, noNaN: true }),
      uniform: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    });
    fc.assert(
      fc.property(arbitrary, ({ logits, uniform, ...filters }) => {
        const id = sampleToken(Float32Array.from(logits), { ...OPEN, ...filters }, { uniform, seen: none });
        const scores = Array.from(Float32Array.from(logits), (value) => value / filters.temperature);
        const max = Math.max(...scores);
        const weight = (token: number): number => Math.exp((scores[token] ?? 0) - max);
        const better = scores.map((_, token) => token).filter((token) => weight(token) > weight(id));
        if (filters.topK > 0) expect(better.length).toBeLessThan(filters.topK);
        expect(weight(id)).toBeGreaterThanOrEqual(Math.min(1, filters.minP) - 1e-9);
        const total = scores.map((_, token) => token).sort((a, b) => weight(b) - weight(a));
        const kept = (filters.topK > 0 ? total.slice(0, filters.topK) : total).reduce(
          (sum, token) => sum + weight(token),
          0,
        );
        const mass = better.reduce((sum, token) => sum + weight(token), 0);
        if (better.length > 0) expect(mass).toBeLessThanOrEqual(filters.topP * kept + 1e-9);
      }),
    );
  });
});

describe("tokenLogprob", () => {
  it("returns natural logarithms of the unfiltered probabilities, likeliest first", () => {
    const result = tokenLogprob(HALVES, 2, 3, (id) => ({ text: `<${id}>`, bytes: Uint8Array.of(id) }));
    expect(result.logprob).toBeCloseTo(Math.log(0.125));
    expect([result.text, result.bytes]).toEqual(["<2>", Uint8Array.of(2)]);
    expect(result.top.map((entry) => entry.id)).toEqual([0, 1, 2]);
    expect(result.top.map((entry) => Math.exp(entry.logprob))).toEqual(
      [0.5, 0.25, 0.125].map((p) => expect.closeTo(p) as number),
    );
  });

  it("returns no alternatives if none are requested", () => {
    expect(tokenLogprob(HALVES, 0, 0, () => ({ text: "", bytes: new Uint8Array() })).top).toEqual([]);
  });
});
