import { describe, expect, it } from "vitest";
import { CachePool } from "./pool";
import type { Sequence } from "../sequence";

/** A sequence whose memory the test decides. */
class Held implements Sequence {
  readonly canGoBack = true;
  length = 0;
  bytes = 0;
  disposed = false;

  reserve(): Promise<void> {
    return Promise.resolve();
  }

  truncate(length: number): void {
    this.length = Math.min(this.length, length);
  }

  dispose(): void {
    this.disposed = true;
  }
}

const PEER = "peer";

function poolOf(bounds: { maxBytes: number; maxAloneBytes?: number; maxCount?: number }): CachePool<Held> {
  return new CachePool({ create: () => new Held(), maxCount: 8, ...bounds });
}

/** Texts that share no prefix. */
function text(first: number): number[] {
  return [first, 1, 2, 3];
}

/** An answer that runs; its cache takes `bytes`. */
function running(pool: CachePool<Held>, first: number, bytes: number, asker?: string): Held {
  const cache = pool.take(text(first), asker);
  [cache.length, cache.bytes] = [4, bytes];
  return cache;
}

/** An answer from beginning to end. */
function finished(pool: CachePool<Held>, first: number, bytes: number, asker?: string): Held {
  const cache = running(pool, first, bytes, asker);
  pool.put(cache, text(first), asker);
  return cache;
}

describe("the pool of caches", () => {
  it("keeps idle caches while they fit, and drops the oldest first", () => {
    const pool = poolOf({ maxBytes: 100 });
    const [first, second, third] = [10, 20, 30].map((id) => finished(pool, id, 40)) as [Held, Held, Held];
    expect([first.disposed, second.disposed, third.disposed]).toEqual([true, false, false]);
    expect(pool.take([...text(20), 9], undefined)).toBe(second);
  });

  it("counts the caches of running answers too", () => {
    const pool = poolOf({ maxBytes: 100 });
    const idle = finished(pool, 10, 40);
    const busy = running(pool, 20, 50);
    pool.trim(undefined);
    expect(idle.disposed).toBe(false);
    busy.bytes = 70;
    pool.trim(undefined);
    expect([idle.disposed, busy.disposed]).toEqual([true, false]);
  });

  it("keeps a cache alone that is too large beside others", () => {
    const pool = poolOf({ maxBytes: 100, maxAloneBytes: 300 });
    const large = finished(pool, 10, 250);
    expect(large.disposed).toBe(false);
    running(pool, 20, 10);
    pool.trim(undefined);
    expect(large.disposed).toBe(true);
    expect(finished(poolOf({ maxBytes: 100, maxAloneBytes: 300 }), 10, 301).disposed).toBe(true);
  });

  it("gives up the caches of others before the user's, and none of the user's for others", () => {
    const pool = poolOf({ maxBytes: 100 });
    const own = finished(pool, 10, 60);
    const peers = finished(pool, 20, 30, PEER);
    const newer = finished(pool, 30, 30);
    expect([own.disposed, peers.disposed, newer.disposed]).toEqual([false, true, false]);
    const greedy = running(pool, 40, 500, PEER);
    pool.trim(PEER);
    pool.put(greedy, text(40), PEER);
    expect([own.disposed, newer.disposed, greedy.disposed]).toEqual([false, false, true]);
  });

  it("forgets caches that are discarded", () => {
    const pool = poolOf({ maxBytes: 100 });
    const lost = running(pool, 10, 90);
    pool.discard(lost);
    expect(lost.disposed).toBe(true);
    expect(finished(pool, 20, 90).disposed).toBe(false);
  });

  it("keeps no more caches than it may", () => {
    const pool = poolOf({ maxBytes: 100, maxCount: 1 });
    finished(pool, 10, 1);
    finished(pool, 20, 1);
    expect(pool.size).toBe(1);
  });
});
