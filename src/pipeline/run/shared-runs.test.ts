/** Answers that share runs in the stages of a ring and at its ends: each gets the tokens that it gets alone. */
import { type MockInstance, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { HiddenState } from "../../inference";
import { RunShare } from "../../inference/onnx/run-share";
import { randomDecoder } from "../../inference/testing";
import type { DecoderShape } from "../../inference/testing/decoder-shape";
import { FAMILIES } from "../../inference/testing/families";
import { type WatchedRun, decoderPackage, goldenItems } from "../../inference/testing/node";
import { GuideParts, answerIds } from "../testing/guide";
import { PartsInMemory, chain } from "../testing/parts";

const signal = new AbortController().signal;

/** Answers of different lengths, so that some leave while others go on. */
const ITEMS = goldenItems()
  .filter(({ completion_ids }) => completion_ids.length < 60)
  .slice(0, 6);
const WANTED = ITEMS.map(({ completion_ids }) => completion_ids.slice(0, -1));

/** The numbers of sequences in the runs of each part, which its outputs tell. */
class Runs {
  readonly #rows = new Map<string, number[]>();
  readonly #onRun: (run: WatchedRun, rows: number) => void;

  constructor(onRun: (run: WatchedRun, rows: number) => void = () => undefined) {
    this.#onRun = onRun;
  }

  readonly watch = (run: WatchedRun): void => {
    const part = Object.keys(run.outputs)
      .filter((name) => name !== "logits")
      .join();
    const rows = Object.values(run.outputs)[0]!.dims[0]!;
    this.#rows.set(part, [...(this.#rows.get(part) ?? []), rows]);
    this.#onRun(run, rows);
  };

  get all(): readonly (readonly number[])[] {
    return [...this.#rows.values()];
  }

  get largest(): number[] {
    return this.all.map((rows) => Math.max(...rows));
  }
}

/** The guide with layers at both ends and two stages between them. */
async function guideRing(runs: Runs) {
  const parts = new GuideParts(runs.watch);
  const stages = [await parts.stage(1, 3), await parts.stage(3, 4)];
  return { parts, stages, model: await parts.model(chain(stages), 1, 4) };
}

/** Lets all that wait share a run, however long they are away: their number would depend on the clock. */
function everyoneShares(): void {
  let share: MockInstance<RunShare["of"]>;
  beforeEach(() => void (share = vi.spyOn(RunShare.prototype, "of").mockReturnValue(Infinity)));
  afterEach(() => share.mockRestore());
}

describe("answers around a ring", () => {
  everyoneShares();

  it("share the runs of all stages and of both ends, and get the reference's tokens", async () => {
    const runs = new Runs();
    const { model } = await guideRing(runs);
    expect(await Promise.all(ITEMS.map(({ messages }) => answerIds(model, messages)))).toEqual(WANTED);
    expect(runs.largest.length).toBe(4);
    for (const largest of runs.largest) expect(largest).toBeGreaterThan(ITEMS.length / 2);
    const tokens = WANTED.flat().length;
    for (const rows of runs.all) expect(rows.length).toBeLessThan(0.7 * tokens);
    await model.unload();
  });

  it.each(["wrong results", "an error"])("are right where more than two together give %s", async (fault) => {
    const larger: number[] = [];
    const runs = new Runs(({ outputs }, rows) => {
      if (rows <= 2) return;
      larger.push(rows);
      if (fault === "an error") throw new Error("This kernel takes two rows at most.");
      for (const [name, { data }] of Object.entries(outputs)) {
        // The rows trade places.
        const numbers = data as Float32Array;
        if (!name.startsWith("present")) numbers.set(numbers.slice().reverse());
      }
    });
    const { model } = await guideRing(runs);
    expect(await Promise.all(ITEMS.map(({ messages }) => answerIds(model, messages)))).toEqual(WANTED);
    // Each of the four parts tries a number of sequences once.
    expect(larger.length).toBeGreaterThan(0);
    expect(larger.length).toBeLessThanOrEqual(4 * (ITEMS.length - 2));
    for (const rows of runs.all) expect(rows.filter((count) => count === 2).length).toBeGreaterThan(10);
    await model.unload();
  });

  const SHAPES: Record<string, DecoderShape> = {
    "packed grouped attention with a window": { attention: "packed", window: 6 },
    "spelled-out attention": { attention: "primitive", positions: "rotary", positionIds: true, hidesPadding: true },
    "a learned table of positions": { positions: "learned", positionIds: true },
    "logits as asked": { logits: "as-asked" },
    "a flat head": { head: "flat" },
    ...FAMILIES,
  };
  it.each(Object.entries(SHAPES))("with %s have the tokens that each has alone", async (_, shape) => {
    const runs = new Runs();
    const parts = new PartsInMemory(decoderPackage(shape), randomDecoder({ vocabulary: 2048, ...shape }), runs.watch);
    const model = await parts.model(chain([await parts.stage(0, 1), await parts.stage(1, 2)]), 0, 2);
    const sampling = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1.3 };
    const ask = (words: string, maxTokens: number) =>
      answerIds(model, [{ role: "user", content: words }], undefined, { sampling, maxTokens });
    const asked = [
      ["of the sea", 9],
      ["tell me of the sea, and of what swims in it", 7],
      ["and of birds, what do they know?", 12],
    ] as const;
    const alone: number[][] = [];
    for (const [words, most] of asked) alone.push(await ask(words, most));
    expect(Math.max(...runs.largest)).toBe(1);
    expect(await Promise.all(asked.map(([words, most]) => ask(words, most)))).toEqual(alone);
    expect(Math.max(...runs.largest)).toBeGreaterThan(1);
    await model.unload();
  });
});

/** A stage with a step function that makes up the numbers of a token. */
async function stageOf(limits: { cacheBytes?: number } = {}, runs = new Runs()) {
  const parts = new GuideParts(runs.watch);
  const stage = await parts.stage(1, 3, limits);
  const slots = await parts.returns(1);
  const hidden = (count: number, seed: number, scale = 1): HiddenState =>
    slots.map(({ name, width }) => {
      const numbers = Float32Array.from({ length: count * width }, (_, at) => scale * Math.sin(seed * 31 + at));
      return { name, type: "float32", bytes: new Uint8Array(numbers.buffer) };
    });
  const forward = async (sequence: string, keep: number, count: number, input: HiddenState) => {
    const result = await stage.forward({ sequence, keep, count, hidden: input }, { signal });
    return result.flatMap(({ bytes }) => [...new Float32Array(bytes.slice().buffer)]);
  };
  return { stage, runs, hidden, forward };
}

describe("a stage", () => {
  afterEach(() => vi.restoreAllMocks());

  it("lets sequences share runs as soon as it knows that they soon come back", async () => {
    // Runs take time here, and nothing else does.
    let now = 0;
    vi.spyOn(performance, "now").mockImplementation(() => now);
    const { runs, hidden, forward } = await stageOf({}, new Runs(() => void (now += 5)));
    const names = ["a", "b", "c", "d"];
    for (const name of names) await forward(name, 0, 4, hidden(4, 1));
    for (let step = 0; step < 8; step++) {
      await Promise.all(names.map((name, seed) => forward(name, 4 + step, 1, hidden(1, seed))));
    }
    expect(runs.all.flat().filter((rows) => rows > 1).length).toBeGreaterThan(3);
  });
});

describe("a stage in which all that wait share a run", () => {
  everyoneShares();

  it("computes the steps of a sequence in their order, whatever else shares its runs", async () => {
    const { stage, runs, hidden, forward } = await stageOf();
    const read = (sequence: string, seed: number) => forward(sequence, 0, 4, hidden(4, seed));
    await Promise.all([read("a", 1), read("b", 2), read("c", 3)]);
    // The second step of “b” takes back the first, which is still on its way; so does an end.
    const steps = (a: string, b: string, c: string) => [
      forward(a, 4, 1, hidden(1, 4)),
      forward(b, 4, 1, hidden(1, 5)),
      forward(c, 4, 1, hidden(1, 6)),
      forward(b, 4, 1, hidden(1, 7)),
      forward(b, 5, 1, hidden(1, 8)),
      forward(a, 5, 1, hidden(1, 9)),
    ];
    const together = await Promise.all(steps("a", "b", "c"));
    expect(Math.max(...runs.largest)).toBe(3);
    const alone: number[][] = [];
    await Promise.all([read("d", 1), read("e", 2), read("f", 3)]);
    for (const [name, keep, seed] of [
      ["d", 4, 4],
      ["e", 4, 5],
      ["f", 4, 6],
      ["e", 4, 7],
      ["e", 5, 8],
      ["d", 5, 9],
    ] as const) {
      alone.push(await forward(name, keep, 1, hidden(1, seed)));
    }
    for (const [at, numbers] of together.entries()) {
      for (const [place, number] of numbers.entries()) expect(number).toBeCloseTo(alone[at]![place]!, 3);
    }
    stage.end("a");
    await expect(forward("a", 6, 1, hidden(1, 1))).rejects.toMatchObject({ code: "stage-lost" });
  });

  it("never takes more memory than agreed, though shorter sequences lie beside longer ones", async () => {
    const token = (await stageOf()).stage.info.kvBytesPerToken;
    // Enough for both of them and a little more, and not for two that are as long as the longer one.
    const { stage, runs, hidden, forward } = await stageOf({ cacheBytes: 48 * token });
    for (let at = 0; at < 36; at += 12) await forward("long", at, 12, hidden(12, at));
    await forward("short", 0, 4, hidden(4, 1));
    for (let step = 0; step < 3; step++) {
      await Promise.all([
        forward("long", 36 + step, 1, hidden(1, step)),
        forward("short", 4 + step, 1, hidden(1, step)),
      ]);
      expect(stage.held.bytes).toBeLessThanOrEqual(48 * token);
    }
    expect(Math.max(...runs.largest)).toBe(1);
  });

  it("goes on sharing runs when somebody sends numbers that lead to no numbers", async () => {
    const { runs, hidden, forward } = await stageOf();
    for (const [seed, name] of ["bad", "one", "two"].entries()) await forward(name, 0, 4, hidden(4, seed));
    const mad = hidden(1, 1, 3e38);
    const answers = await Promise.all([
      forward("bad", 4, 1, mad),
      forward("one", 4, 1, hidden(1, 2)),
      forward("two", 4, 1, hidden(1, 3)),
    ]);
    expect(answers[0].every(Number.isFinite)).toBe(false);
    expect(answers.slice(1).flat().every(Number.isFinite)).toBe(true);
    const before = runs.all.flat().filter((rows) => rows === 3).length;
    await Promise.all(["bad", "one", "two"].map((name, seed) => forward(name, 5, 1, hidden(1, seed))));
    expect(runs.all.flat().filter((rows) => rows === 3).length).toBe(before + 1);
  });
});
