import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { AnswerSlots, type Place } from "../answer-slots";
import { CachePool } from "./cache/pool";
import type { KvCache } from "./cache/kv-cache";
import { TurnQueue } from "./turns";

describe("TurnQueue", () => {
  it("never runs two at once and lets sequences alternate, however many steps each has", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 }), async (steps) => {
        const turns = new TurnQueue();
        const order: number[] = [];
        let running = 0;
        await Promise.all(
          steps.map(async (count, sequence) => {
            for (let step = 0; step < count; step++) {
              await turns.run(async () => {
                expect(++running).toBe(1);
                await Promise.resolve();
                order.push(sequence);
                running--;
              });
            }
          }),
        );
        // Between two turns of a sequence, everyone who still has work gets exactly one.
        const left = [...steps];
        for (let at = 0; at < order.length;) {
          const active = left.flatMap((count, sequence) => (count > 0 ? [sequence] : []));
          expect(order.slice(at, at + active.length)).toEqual(active);
          for (const sequence of active) left[sequence] = (left[sequence] ?? 0) - 1;
          at += active.length;
        }
      }),
      { numRuns: 30 },
    );
  });

  it("continues after work that failed, and skips work that was aborted while it waited", async () => {
    const turns = new TurnQueue();
    const controller = new AbortController();
    const failed = turns.run(() => Promise.reject(new Error("boom")));
    const skipped = vi.fn(() => Promise.resolve());
    const aborted = turns.run(skipped, { signal: controller.signal });
    controller.abort();
    await expect(failed).rejects.toThrow("boom");
    await expect(aborted).rejects.toThrow(controller.signal.reason as Error);
    expect(skipped).not.toHaveBeenCalled();
    await expect(turns.run(() => Promise.resolve(1))).resolves.toBe(1);
  });
});

/** Enters and records the positions on the way; resolves with the place. */
function enter(admission: AnswerSlots, signal = new AbortController().signal) {
  const positions: number[] = [];
  const place = (async (): Promise<Place> => {
    const line = admission.enter({ signal });
    for (;;) {
      const step = await line.next();
      if (step.done) return step.value;
      positions.push(step.value);
    }
  })();
  return { positions, place };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("Admission", () => {
  it("admits requests in order of arrival and reports each change of position", async () => {
    const admission = new AnswerSlots(1);
    const first = await enter(admission).place;
    const second = enter(admission);
    const third = enter(admission);
    await settle();
    first.release();
    (await second.place).release();
    await third.place;
    expect(second.positions).toEqual([1]);
    expect(third.positions).toEqual([2, 1]);
    expect(admission.active).toBe(1);
  });

  it("moves later requests up when one stops waiting", async () => {
    const admission = new AnswerSlots(1);
    const first = await enter(admission).place;
    const controller = new AbortController();
    const second = enter(admission, controller.signal);
    const third = enter(admission);
    await settle();
    controller.abort();
    await expect(second.place).rejects.toBe(controller.signal.reason);
    await settle();
    expect(third.positions).toEqual([2, 1]);
    first.release();
    await third.place;
    expect(admission.active).toBe(1);
  });

  it("frees a place that was granted to a request at the moment it was aborted", async () => {
    const admission = new AnswerSlots(1);
    const first = await enter(admission).place;
    const controller = new AbortController();
    const second = enter(admission, controller.signal);
    await settle();
    first.release();
    controller.abort();
    await expect(second.place).rejects.toBe(controller.signal.reason);
    expect(admission.active).toBe(0);
  });

  it("frees a place once, however often it is released", async () => {
    const admission = new AnswerSlots(2);
    const place = await enter(admission).place;
    await enter(admission).place;
    place.release();
    place.release();
    expect(admission.active).toBe(1);
  });
});

/** A cache that only counts. */
class CountingCache implements KvCache {
  length = 0;
  disposed = false;
  canGoBack = true;
  get bytes(): number {
    return this.length;
  }
  reserve(): Promise<void> {
    return Promise.resolve();
  }
  separate(): Promise<void> {
    return Promise.resolve();
  }
  feeds() {
    return {};
  }
  fetches() {
    return {};
  }
  advance(_outputs: unknown, count: number): void {
    this.length += count;
  }
  truncate(length: number): void {
    this.length = Math.min(this.length, length);
  }
  dispose(): void {
    this.disposed = true;
  }
}

function filled(pool: CachePool<KvCache>, ids: readonly number[], asker?: string): KvCache {
  const cache = pool.take([...ids, -1], asker);
  cache.advance({}, ids.length - cache.length);
  return cache;
}

describe("CachePool", () => {
  const create = (): KvCache => new CountingCache();

  it("returns the longest prefix, at most one token short of the whole", () => {
    const pool = new CachePool({ create, maxBytes: 100, maxCount: 4 });
    const [short, long] = [filled(pool, [1, 2, 3]), filled(pool, [1, 2, 3, 4, 5])];
    pool.put(short, [1, 2, 3], undefined);
    pool.put(long, [1, 2, 3, 4, 5], undefined);
    const taken = pool.take([1, 2, 3, 4, 5], undefined);
    expect(taken).toBe(long);
    expect(taken.length).toBe(4);
  });

  it("does not take the cache of a long conversation that shares only its beginning", () => {
    const pool = new CachePool({ create, maxBytes: 100, maxCount: 4 });
    const ids = Array.from({ length: 20 }, (_, index) => index);
    pool.put(filled(pool, ids), ids, undefined);
    expect(pool.take([0, 1, 2, 99, 100], undefined).length).toBe(0);
    expect(pool.size).toBe(1);
  });

  it("drops the oldest caches beyond the limits of count and bytes", () => {
    const made: CountingCache[] = [];
    const counted = (): KvCache => made[made.push(new CountingCache()) - 1] as KvCache;
    const pool = new CachePool({ create: counted, maxBytes: 10, maxCount: 2 });
    for (const ids of [
      [1, 1],
      [2, 2],
      [3, 3],
    ]) {
      pool.put(filled(pool, ids), ids, undefined);
    }
    expect(made.map((cache) => cache.disposed)).toEqual([true, false, false]);
    const big = Array.from({ length: 9 }, () => 7);
    pool.put(filled(pool, big), big, undefined);
    expect(pool.size).toBe(1);
  });

  it("gives nobody the cache of another asker", () => {
    const pool = new CachePool({ create, maxBytes: 100, maxCount: 8 });
    const ids = [1, 2, 3, 4];
    for (const asker of [undefined, "ada"]) pool.put(filled(pool, ids, asker), ids, asker);
    expect(pool.take([...ids, 5], "mallory").length).toBe(0);
    expect(pool.take([...ids, 5], "ada").length).toBe(4);
    expect(pool.take([...ids, 5], undefined).length).toBe(4);
  });

  it("gives up those of the branch that has most, whatever keys that has", () => {
    const pool = new CachePool({ create, maxBytes: 100, maxCount: 4 });
    const ids = [1, 2, 3, 4];
    for (const asker of ["ada ada", ...[1, 2, 3, 4, 5].map((key) => `mallory key ${key}`), "ben ben"]) {
      pool.put(filled(pool, ids, asker), ids, asker);
    }
    expect(pool.take([...ids, 5], "ada ada").length).toBe(4);
    expect(pool.take([...ids, 5], "ben ben").length).toBe(4);
    expect(pool.take([...ids, 5], "mallory key 5").length).toBe(4);
  });

  it("never gives the user's own caches up for others", () => {
    const pool = new CachePool({ create, maxBytes: 100, maxCount: 2 });
    const own = [1, 2, 3];
    pool.put(filled(pool, own), own, undefined);
    for (const first of [7, 8, 9]) pool.put(filled(pool, [first, first], "mallory"), [first, first], "mallory");
    expect(pool.clear("mallory")).toBe(true);
    expect(pool.clear("mallory")).toBe(false);
    expect(pool.take([...own, 4], undefined).length).toBe(3);
  });
});
