/** Members that cannot be reached at first are dialled again, also without signaling. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Did } from "../../core";
import type { MemberDirectory } from "./directory";
import { FORGIVE_MS, TEND_MS } from "./constants";
import { LinkKeeper } from "./link-keeper";

const OTHER = "did:key:other" as Did;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A node of a small room that knows one member more than it is linked to; every dial of it fails. */
function keeping({ online, linked }: { online: boolean; linked: number }) {
  const dials: number[] = [];
  const missed: Did[] = [];
  const directory = {
    self: "did:key:self" as Did,
    nodes: 3,
    dids: () => [OTHER],
    addressOf: () => "0".repeat(32),
    missed: (did: Did) => missed.push(did),
  } as unknown as MemberDirectory;
  const links = new Map(Array.from({ length: linked }, (_, i) => [`did:key:${i}` as Did, { busy: false, ageMs: 0 }]));
  const keeper = new LinkKeeper({
    directory,
    online: () => online,
    links: {
      linked: () => links,
      count: linked,
      isDialling: () => false,
      dialling: 0,
      dial: (did) => {
        dials.push(performance.now());
        keeper.failed(did);
      },
      drop: () => undefined,
    },
  });
  return { keeper, dials, missed };
}

/** The waits between one dial and the next, in whole looks at the links. */
function waits(dials: readonly number[]): number[] {
  return dials.slice(1).map((at, i) => at - dials[i]!);
}

it("dials again soon after a failure, and less and less often", async () => {
  const { keeper, dials } = keeping({ online: true, linked: 1 });
  await vi.advanceTimersByTimeAsync(10 * FORGIVE_MS);
  keeper.close();
  const all = waits(dials);
  expect(all.length).toBeGreaterThan(8);
  expect(all[0]).toBeLessThan(FORGIVE_MS / 4);
  for (const [i, ms] of all.entries()) expect(ms).toBeGreaterThanOrEqual(Math.min(FORGIVE_MS, 5_000 * 2 ** i));
  expect(Math.max(...all)).toBeLessThan(FORGIVE_MS + 2 * TEND_MS);
});

it("dials through members while signaling is away, and blames nobody for a failure", async () => {
  const { keeper, dials, missed } = keeping({ online: false, linked: 1 });
  await vi.advanceTimersByTimeAsync(FORGIVE_MS);
  keeper.close();
  expect(dials.length).toBeGreaterThan(2);
  expect(missed).toEqual([]);
});

it("dials nobody without signaling and without a link", async () => {
  const { keeper, dials } = keeping({ online: false, linked: 0 });
  await vi.advanceTimersByTimeAsync(FORGIVE_MS);
  keeper.close();
  expect(dials).toEqual([]);
});
