import { describe, expect, it } from "vitest";
import { RunShare } from "./run-share";

/** A ring in which sequences go around again and again: one run for each group at each device, and a delay to the next device. */
interface Ring {
  /** Time of a run at each device, for one sequence. */
  readonly runMs: readonly number[];
  /** The share of that time which each further sequence of a run adds. */
  readonly more: number;
  readonly delayMs: number;
  readonly sequences: number;
}

/** Tokens per second of all sequences. `most`: the sequences of a run; `undefined` asks a `RunShare` at each device. */
function rateOf({ runMs, more, delayMs, sequences }: Ring, most: number | undefined): number {
  let now = 0;
  const devices = runMs.map((ms) => {
    return { ms, share: new RunShare(() => now), queue: [] as number[], isBusy: false };
  });
  const events: { at: number; order: number; run: () => void }[] = [];
  let order = 0;
  const after = (ms: number, run: () => void): void => void events.push({ at: now + ms, order: order++, run });
  let tokens = 0;
  const arrive = (place: number, sequence: number): void => {
    const { share, queue } = devices[place]!;
    share.came(sequence);
    queue.push(sequence);
    // Messages that come at the same moment are all read first.
    after(0, () => begin(place));
  };
  const begin = (place: number): void => {
    const device = devices[place]!;
    if (device.isBusy || device.queue.length === 0) return;
    const group = device.queue.splice(0, most ?? device.share.of(device.queue.length));
    const ms = device.ms * (1 + more * (group.length - 1));
    device.isBusy = true;
    after(ms, () => {
      device.isBusy = false;
      const next = (place + 1) % devices.length;
      for (const sequence of group) {
        device.share.left(sequence, ms);
        if (next === 0) tokens++;
        after(delayMs, () => arrive(next, sequence));
      }
      begin(place);
    });
  };
  for (let sequence = 0; sequence < sequences; sequence++) arrive(0, sequence);
  // The first half is not counted.
  let counted = 0;
  const endMs = 100 * (Math.max(...runMs) * sequences + delayMs * runMs.length);
  while (now < endMs) {
    events.sort((a, b) => b.at - a.at || b.order - a.order);
    const { at, run } = events.pop()!;
    if (now < endMs / 2 && at >= endMs / 2) counted = tokens;
    now = at;
    run();
  }
  return (2000 * (tokens - counted)) / endMs;
}

describe("the share of a run", () => {
  const rings = [2, 3, 5].flatMap((devices) =>
    [1, 2, 4, 8, 12].flatMap((sequences) =>
      [0.05, 0.3, 1].flatMap((more) =>
        [0, 20].flatMap((delayMs) =>
          [10, 30].map((firstMs): Ring => {
            const runMs = Array.from({ length: devices }, (_, place) => (place === 0 ? firstMs : 10));
            return { runMs, more, delayMs, sequences };
          }),
        ),
      ),
    ),
  );

  it("never makes a ring slower than single sequences do, and mostly faster than all that wait", () => {
    const results = rings.map((ring) => {
      const [one, all, shared] = [1, Infinity, undefined].map((most) => rateOf(ring, most)) as [number, number, number];
      return { ring, againstOne: shared / one, againstAll: shared / all, againstBest: shared / Math.max(one, all) };
    });
    const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    for (const { ring, againstOne, againstBest } of results) {
      expect(againstOne, JSON.stringify(ring)).toBeGreaterThan(0.99);
      // The worst is a slow device beside a fast one with weights that take all the time: sequences must wait for each other there.
      expect(againstBest, JSON.stringify(ring)).toBeGreaterThan(0.65);
    }
    expect(mean(results.map(({ againstOne }) => againstOne))).toBeGreaterThan(1.25);
    expect(mean(results.map(({ againstAll }) => againstAll))).toBeGreaterThan(1.35);
    expect(mean(results.map(({ againstBest }) => againstBest))).toBeGreaterThan(1);
  });

  it("is one sequence until a round is known, counts only those that may return, and follows a ring that changes", () => {
    let now = 0;
    const share = new RunShare(() => now);
    const names = ["a", "b", "c", "d"];
    const round = (awayMs: number): void => {
      for (const name of names) share.left(name, 10);
      now += awayMs;
      for (const name of names) share.came(name);
    };
    for (const name of names) share.came(name);
    expect(share.of(4)).toBe(1);
    round(10);
    // Half of a round is spent here.
    expect(share.of(4)).toBe(2);
    share.left("a", 10);
    expect(share.of(3)).toBe(2);
    now += 1000;
    expect(share.of(2)).toBe(1);
    for (let rounds = 0; rounds < 20; rounds++) round(1000);
    expect(share.of(4)).toBe(1);
    for (let rounds = 0; rounds < 20; rounds++) round(1);
    expect(share.of(4)).toBe(4);
  });
});
