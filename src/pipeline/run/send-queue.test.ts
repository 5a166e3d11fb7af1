/** A neighbour that does not read, and one that cuts off who sends too fast. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Did } from "../../core";
import type { StageLanes } from "../../room";
import { STEP_RATE } from "../../room/frames/stage";
import { TokenBucket } from "../../wire";
import { fakeTime, never, pass } from "../testing/toy-ring";
import { NextLink } from "./next-link";
import { MAX_KEPT_BYTES } from "./history";

const [a, b] = ["did:key:a", "did:key:b"] as [Did, Did];
const numbers = new Uint8Array(2 * 2 ** 20);
const stepOf = (step: number, sequence: string, bytes = numbers) => ({
  step,
  sequence,
  keep: step,
  count: 1,
  hidden: [{ name: "x", type: "float32" as const, bytes }],
});

beforeEach(fakeTime);
afterEach(() => void vi.useRealTimers());

describe("the queue to a neighbour", () => {
  it("holds a limited amount when the neighbour reads nothing, and reports which sequence is lost", () => {
    const lost: string[] = [];
    const traffic = { send: never } as unknown as StageLanes;
    const edge = new NextLink(traffic, "00".repeat(8), { did: a, attempt: 0 }, (sequence) => lost.push(sequence));
    edge.give(stepOf(0, "first"), { known: false });
    const room = Math.floor(MAX_KEPT_BYTES / numbers.length) - 2;
    for (let step = 1; step < room; step++) edge.give(stepOf(step, "long"), { known: false });
    edge.give(stepOf(room, "other"), { known: false });
    expect([lost, edge.waits(1), edge.waits(room)]).toEqual([[], true, true]);
    edge.give(stepOf(room + 1, "long"), { known: false });
    expect([lost, edge.waits(0), edge.waits(1), edge.waits(room)]).toEqual([["long"], true, false, true]);
    expect(edge.reroute({ did: b, attempt: 1 }, { upTo: 2, open: [], openFrom: 0 })).toEqual(["long"]);
  });

  it("is never faster than the neighbour allows, however many steps are sent again", async () => {
    const admits = new TokenBucket(STEP_RATE, performance.now());
    let cut = false;
    const count = 2 * STEP_RATE.burst;
    let sent = 0;
    const send = (to: Did): Promise<void> => {
      if (to === b) {
        cut ||= !admits.take(performance.now());
        sent++;
      }
      return Promise.resolve();
    };
    const edge = new NextLink(
      { send } as unknown as StageLanes,
      "00".repeat(8),
      { did: a, attempt: 0 },
      () => undefined,
    );
    const few = new Uint8Array(4);
    for (let step = 0; step < count; step++) edge.give(stepOf(step, "long", few), { known: true });
    edge.reroute({ did: b, attempt: 1 }, { upTo: 2, open: [], openFrom: count });
    await pass(5_000);
    expect(sent).toBeGreaterThan(STEP_RATE.burst / 4);
    expect(sent).toBeLessThan((STEP_RATE.burst + 5 * STEP_RATE.perSecond) / 2);
    await pass(15_000);
    expect([sent, cut]).toEqual([count, false]);
  });
});
