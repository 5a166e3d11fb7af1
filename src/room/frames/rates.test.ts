/** The rates of the room's frames cut no honest peer, not even the busiest one behind a page that slept. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TokenBucket } from "../../wire";
import { FrameLimits } from "../../wire/frames";
import { COALESCE_MS, HEARTBEAT_MS, MAX_JOBS_PER_PEER, FULL_MESH_NODES } from "../constants";
import { ROOM_FRAMES } from "../protocol";
import { CARRIED_FROM_RATE, CARRIED_TO_RATE } from "./rates";

type Kind = keyof typeof ROOM_FRAMES;

/** Frames of a kind that a peer sends: every so often, for how long, and how many each time. */
interface Traffic {
  readonly kind: Kind;
  readonly everyMs: number;
  readonly each: number;
  /** The peer gives the link up when this node is silent for so long. */
  readonly sleepMs: number;
}

/** The most that an honest node ever sends for a whole minute. */
const BUSIEST: readonly Traffic[] = [
  { kind: "job.tokens", everyMs: COALESCE_MS, each: MAX_JOBS_PER_PEER, sleepMs: 5_000 },
  { kind: "job.request", everyMs: 100, each: MAX_JOBS_PER_PEER, sleepMs: 5_000 },
  { kind: "job.accepted", everyMs: 100, each: 3 * MAX_JOBS_PER_PEER, sleepMs: 5_000 },
  { kind: "job.refused", everyMs: 100, each: MAX_JOBS_PER_PEER, sleepMs: 5_000 },
  { kind: "job.done", everyMs: 100, each: MAX_JOBS_PER_PEER, sleepMs: 5_000 },
  { kind: "job.cancel", everyMs: 100, each: MAX_JOBS_PER_PEER, sleepMs: 5_000 },
  { kind: "heartbeat", everyMs: HEARTBEAT_MS, each: 1, sleepMs: 30_000 },
  { kind: "members", everyMs: 60_000, each: FULL_MESH_NODES, sleepMs: 30_000 },
  { kind: "relay", everyMs: 30_000, each: 2 * FULL_MESH_NODES, sleepMs: 30_000 },
];

describe("rates of the room's frames", () => {
  it.each(BUSIEST)(
    "let the busiest honest peer send $kind, also while this page sleeps",
    ({ kind, everyMs, each, sleepMs }) => {
      const sleepAt = fc.integer({ min: 0, max: 60_000 });
      fc.assert(
        fc.property(sleepAt, (asleepAt) => {
          const limits = new FrameLimits(ROOM_FRAMES);
          for (let sentAt = 0; sentAt <= 120_000; sentAt += everyMs) {
            const asleep = sentAt >= asleepAt && sentAt < asleepAt + sleepMs;
            const arrivesAt = asleep ? asleepAt + sleepMs : sentAt;
            // It throws at the first that is too many.
            for (let i = 0; i < each; i++) limits.admit(kind, arrivesAt);
          }
        }),
        { numRuns: 20 },
      );
    },
  );

  it.each(Object.keys(ROOM_FRAMES) as Kind[])("end a flood of %s within some thousand frames", (kind) => {
    const limits = new FrameLimits(ROOM_FRAMES);
    const flood = (): void => {
      for (let i = 0; i < 10_000; i++) limits.admit(kind, 0);
    };
    expect(flood).toThrow(new RegExp(`floods this device: it sent more ${kind.replace(".", "\\.")} messages`));
  });

  it("protect a relay's link to the receiver from a sender that makes it carry too much", () => {
    const receiver = new FrameLimits(ROOM_FRAMES);
    const to = new TokenBucket(CARRIED_TO_RATE, 0);
    // A flood from all sides goes through what the carrier lets on, beside as much of its own.
    for (let now = 0; now < 60_000; now += 10) {
      if (to.take(now)) receiver.admit("relay", now);
      if (now % 1000 === 0) for (let own = 0; own < CARRIED_TO_RATE.perSecond; own++) receiver.admit("relay", now);
    }
    expect(CARRIED_FROM_RATE.burst).toBeLessThan(CARRIED_TO_RATE.burst);
  });

  it("count each kind by itself, and do not treat inherited properties as kinds", () => {
    const limits = new FrameLimits(ROOM_FRAMES);
    expect(limits.admit("hello", 0)).toBe(ROOM_FRAMES.hello.maxBytes);
    expect(() => limits.admit("hello", 1e9)).toThrow(/floods/);
    expect(limits.admit("members", 0)).toBe(ROOM_FRAMES.members.maxBytes);
    for (const kind of ["constructor", "__proto__", "toString", ""]) expect(limits.admit(kind, 0)).toBeUndefined();
  });
});
