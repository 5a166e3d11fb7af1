/** Guessing with a model that is made up, so that its failures can be. */
import { describe, expect, it } from "vitest";
import { CachePool } from "./cache/pool";
import { type GuessingParts, ModelGuesser } from "./draft-model";
import type { Sequence } from "./sequence";

/** A sequence that remembers the ids which it was fed. */
class Notes implements Sequence {
  readonly ids: number[] = [];
  disposed = false;
  readonly bytes = 1;
  readonly canGoBack = true;
  get length(): number {
    return this.ids.length;
  }
  reserve = () => Promise.resolve();
  truncate(length: number): void {
    this.ids.length = Math.min(length, this.ids.length);
  }
  dispose(): void {
    this.disposed = true;
  }
}

/** A model that counts: after `n` comes `n + 1`. Every id that it is fed has to follow what it holds. */
function counter() {
  const made: Notes[] = [];
  const fed: number[][] = [];
  const model = { failing: false };
  const pool = new CachePool<Notes>({
    create: () => (made.push(new Notes()), made.at(-1)!),
    maxBytes: 100,
    maxCount: 4,
  });
  const take = (sequence: Notes, ids: readonly number[]): void => {
    if (model.failing) throw new Error("out of memory");
    fed.push([...ids]);
    sequence.ids.push(...ids);
  };
  const parts: GuessingParts<Notes> = {
    decoder: {
      feed: async (sequence, ids) => take(sequence, ids),
      predict: async (sequence, ids) => (take(sequence, ids), [Float32Array.of(ids.at(-1)! + 1)]),
    },
    pool,
    contextLength: 100,
    prefillChunk: 4,
    turn: async (work, signal) => (signal.throwIfAborted(), work()),
  };
  const [answer, unloading] = [new AbortController(), new AbortController()];
  const guesser = new ModelGuesser(parts, { answer: answer.signal, unloading: unloading.signal }, undefined);
  const draft = (ids: readonly number[], room = 8, end = Infinity) =>
    guesser.draft(ids, { room, choose: ([next]) => (next! < end ? next : undefined) });
  return { made, fed, model, pool, answer, unloading, guesser, draft };
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

describe("ModelGuesser", () => {
  it("guesses the tokens that its model would choose, and reads only tokens that are new to it", async () => {
    const { draft, guesser, fed, made } = counter();
    expect(await draft(range(0, 10))).toEqual([10, 11, 12, 13]);
    expect(fed.splice(0).flat()).toEqual(range(0, 13));
    guesser.learn(4, 4);
    expect(await draft(range(0, 15))).toEqual(range(15, 23));
    expect(fed.splice(0).flat()).toEqual(range(13, 22));
    // Only the first of them came true.
    guesser.learn(8, 1);
    expect(await draft([...range(0, 16), 40])).toEqual([41, 42]);
    expect(fed.splice(0).flat()).toEqual([40, 41]);
    expect(made).toHaveLength(1);
  });

  it("guesses no more tokens than there is room for, and none after an end token", async () => {
    const { draft, guesser } = counter();
    expect(await draft(range(0, 10), 2)).toEqual([10, 11]);
    expect(await draft(range(0, 10), 0)).toEqual([]);
    expect(await draft(range(0, 10), 8, 11)).toEqual([10]);
    expect(await draft(range(0, 99))).toEqual([99]);
    expect(await draft(range(0, 100))).toEqual([]);
    guesser.learn(4, 0);
    expect(await draft(range(0, 10))).toEqual([10]);
  });

  it("stops guessing after many wrong guesses, but not after a few", async () => {
    const { draft, guesser, fed } = counter();
    const guesses: number[] = [];
    for (let length = 10; length < 40; length++) {
      const { length: guessed } = await draft(range(0, length));
      guesses.push(guessed);
      if (guessed > 0) guesser.learn(guessed, 0);
    }
    expect(guesses.slice(0, 3)).toEqual([4, 1, 1]);
    expect(guesses.slice(10)).toEqual(new Array(20).fill(0));
    fed.length = 0;
    await draft(range(0, 50));
    expect(fed).toEqual([]);
  });

  it("keeps the tokens it has read for the next answer of the conversation", async () => {
    const { draft, guesser, pool, made } = counter();
    await draft(range(0, 10));
    guesser.end();
    guesser.end();
    expect(pool.size).toBe(1);
    expect(pool.take(range(0, 12), undefined)).toBe(made[0]);
    expect(made[0]!.ids).toEqual(range(0, 11));
  });

  it.each(["fails", "is unloaded"])("stops guessing when its model %s, and keeps nothing", async (how) => {
    const { draft, guesser, pool, made, model, unloading } = counter();
    await draft(range(0, 10));
    if (how === "fails") model.failing = true;
    else unloading.abort(new Error("gone"));
    expect(await draft([...range(0, 5), 50, 51])).toEqual([]);
    model.failing = false;
    expect(await draft(range(0, 11))).toEqual([]);
    guesser.end();
    // The pool keeps the sequence only if its content is known and its model is still loaded.
    if (how === "is unloaded") expect([pool.size, made[0]!.disposed]).toEqual([0, true]);
    else expect(pool.take([...range(0, 5), 9], undefined).ids).toEqual(range(0, 5));
  });

  it("rejects with the answer's reason when the answer is aborted", async () => {
    const { draft, answer } = counter();
    await draft(range(0, 10));
    answer.abort(new Error("enough"));
    await expect(draft(range(0, 11))).rejects.toThrow("enough");
  });
});
