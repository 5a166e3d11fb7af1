import { describe, expect, it } from "vitest";
import type { Sampling } from "../types";
import { tokenLogprob } from "./logprobs";
import { drawQuickly } from "./quick";
import { uniformAt } from "./random";
import { sampleToken } from "./sampler";
import { adjusted, masked } from "./scores";
import { plainLogprobs, samplePlainly } from "./testing/plain-sampler";

const OPEN: Sampling = { temperature: 1, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };

/** Random numbers of one case. */
class Dice {
  readonly #seed: number;
  #at = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** In [0, 1). */
  roll(): number {
    return uniformAt(this.#seed, this.#at++);
  }

  below(end: number): number {
    return Math.floor(this.roll() * end);
  }

  one<T>(of: readonly T[]): T {
    return of[this.below(of.length)]!;
  }

  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.roll())) * Math.cos(2 * Math.PI * this.roll());
  }
}

const ODD = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, 1e-30, -1e-40, 3e38, -3e38];

function randomLogits(dice: Dice, size: number): Float32Array {
  const spread = dice.one([0, 1e-9, 0.01, 1, 4, 4, 4, 100]);
  const logits = Float32Array.from({ length: size }, () => dice.normal() * spread);
  const shape = dice.below(6);
  // As from 16-bit logits, which have many equal ones.
  if (shape < 2) for (const [id, logit] of logits.entries()) logits[id] = Math.round(logit * 64) / 64;
  if (shape === 2) logits[dice.below(size)] = 30;
  if (shape === 3) for (let count = dice.below(4); count >= 0; count--) logits[dice.below(size)] = dice.one(ODD);
  if (shape === 4) for (const id of logits.keys()) if (dice.roll() < 0.7) logits[id] = Number.NEGATIVE_INFINITY;
  return logits;
}

function randomSampling(dice: Dice): Sampling {
  return {
    temperature: dice.one([0, 0.3, 0.7, 1, 1, 1, 2, 10, 1e-6, 1e3, 1e15, Number.MIN_VALUE]),
    topK: dice.one([0, 0, 0, 1, 3, 40, 1500]),
    topP: dice.one([1, 1, 0.95, 0.5, 0.9999999999, 0]),
    minP: dice.one([0, 0, 0, 0.05, 0.5, 1, 1e-14]),
    repetitionPenalty: dice.one([1, 1, 1.3, 0.5]),
    presencePenalty: dice.one([0, 0, 1.5, -2]),
    frequencyPenalty: dice.one([0, 0, 0.25]),
  };
}

function randomCircumstances(dice: Dice, size: number): Parameters<typeof sampleToken>[2] {
  const id = (): number => dice.below(size + 3);
  const some = <T>(make: () => T): T[] => Array.from({ length: dice.below(6) }, make);
  const mask = (): Int32Array =>
    Int32Array.from({ length: dice.below(2) + (size >> 5) }, () => dice.one([0, -1, 2 ** 32 * dice.roll()]));
  return {
    uniform: dice.one([dice.roll(), dice.roll(), dice.roll(), 0, 1 - 2 ** -53]),
    seen: new Set(some(id)),
    counts: new Map(some(() => [id(), 1 + dice.below(4)])),
    bias: some(() => [id(), 200 * dice.roll() - 100] as const),
    mask: dice.below(3) === 0 ? mask() : undefined,
  };
}

describe("sampleToken", () => {
  it("chooses the same tokens as the plain way, whatever the logits and the settings", () => {
    for (let seed = 0; seed < 4000; seed++) {
      const dice = new Dice(seed);
      const size = 1 + dice.below(dice.one([3, 40, 300, 1100]));
      const logits = randomLogits(dice, size);
      const sampling = randomSampling(dice);
      const circumstances = randomCircumstances(dice, size);
      const before = logits.slice();
      const id = sampleToken(logits, sampling, circumstances);
      const plain = samplePlainly(logits, sampling, circumstances);
      const which = `seed ${seed}: ${JSON.stringify(sampling)}`;
      expect(id, which).toBe(plain);
      expect(logits).toEqual(before);
      if (sampling.temperature === 0) continue;
      // Small vocabularies are left to the plain way, but the quick ways must know what they do not know.
      const scores = adjusted(logits, sampling, circumstances);
      const allowed = circumstances.mask ? masked(scores, circumstances.mask) : scores;
      expect(drawQuickly(allowed, sampling, circumstances.uniform) ?? plain, which).toBe(plain);
    }
  });

  it("chooses the same tokens where chance falls on the border between two of them", () => {
    for (let seed = 0; seed < 400; seed++) {
      const dice = new Dice(seed);
      const logits = Float32Array.from({ length: 600 }, () => dice.normal() * 2);
      const sampling = { ...OPEN, topP: dice.one([1, 0.9]) };
      const max = Math.max(...logits);
      const weights = [...logits].map((logit) => Math.exp(logit - max));
      if (sampling.topP < 1) weights.sort((a, b) => b - a);
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const border = weights.slice(0, dice.below(100)).reduce((sum, weight) => sum + weight, 0);
      const uniform = (border / total) * (1 + dice.one([-1, 0, 1, 2]) * 2 ** -52);
      const circumstances = { uniform, seen: new Set<number>() };
      const plain = samplePlainly(logits, sampling, circumstances);
      expect(drawQuickly(logits, sampling, uniform) ?? plain, `seed ${seed}`).toBe(plain);
    }
  });
});

describe("the quick way", () => {
  it.each([
    ["no filter", {}],
    ["top-k", { topK: 40, topP: 0.95, minP: 0.05 }],
    ["top-p", { topP: 0.95 }],
    ["min-p", { minP: 0.01 }],
    ["top-p and min-p", { topP: 0.9, minP: 0.001 }],
  ])("decides nearly all choices from a large vocabulary by %s, as the plain way does", (_, change) => {
    const dice = new Dice(7);
    // Not a multiple of anything that the vocabulary is divided into.
    const size = 20_003;
    let decided = 0;
    for (let round = 0; round < 30; round++) {
      const logits = Float32Array.from({ length: size }, () => dice.normal() * dice.one([0.1, 2, 5]));
      // Some texts have one way to go on. The id is not in the sample that the largest score is guessed from.
      if (round % 3 === 0) logits[size - 2] = 12 + 40 * (round % 2);
      const sampling = { ...OPEN, ...change, temperature: dice.one([0.4, 1]) };
      const uniform = dice.roll();
      const id = drawQuickly(logits, sampling, uniform);
      if (id === undefined) continue;
      decided++;
      expect(id).toBe(samplePlainly(logits, sampling, { uniform, seen: new Set() }));
    }
    expect(decided).toBeGreaterThanOrEqual(29);
  });
});

describe("tokenLogprob", () => {
  it("tells the same as the plain way", () => {
    for (let seed = 0; seed < 1000; seed++) {
      const dice = new Dice(seed);
      const size = 1 + dice.below(dice.one([3, 40, 1100]));
      const logits = randomLogits(dice, size).map((logit) => (Number.isNaN(logit) ? 0 : logit));
      const [id, count] = [dice.below(size), dice.below(21)];
      const { logprob, top } = tokenLogprob(logits, id, count, () => ({ text: "", bytes: new Uint8Array() }));
      const plain = plainLogprobs(logits, id, count);
      expect(top.map((each) => each.id)).toEqual(plain.top.map(([other]) => other));
      const expected = [plain.logprob, ...plain.top.map(([, value]) => value)];
      for (const [index, value] of [logprob, ...top.map((each) => each.logprob)].entries()) {
        const other = expected[index]!;
        expect(Object.is(value, other) || Math.abs(value - other) < 1e-9, `seed ${seed}: ${value}, ${other}`).toBe(
          true,
        );
      }
    }
  });

  it("passes over logits that are not numbers", () => {
    const logits = Float32Array.of(Number.NaN, 1, 1);
    const { logprob, top } = tokenLogprob(logits, 2, 3, () => ({ text: "", bytes: new Uint8Array() }));
    expect(logprob).toBeCloseTo(Math.log(0.5));
    expect(top.map(({ id }) => id)).toEqual([1, 2]);
  });
});
