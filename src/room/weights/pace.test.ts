/** Tests the pace of bulk transfers on a simulated line: the share that they take, and the share left to others. */
import { describe, expect, it } from "vitest";
import { MAX_PIECE_BYTES } from "../frames/bulk";
import { PaceWindow } from "./pace";

/** A line with one buffer that never overflows. */
interface Line {
  /** Round trip without waiting in the buffer, in ms. */
  readonly rttMs: number;
  readonly bytesPerMs: number;
  /** Share of the line that others use at this time. */
  others(nowMs: number): number;
}

/** Sends until `untilMs`. Returns for each confirmed piece when it came back and how long it waited in the buffer. */
function run(
  line: Line,
  untilMs: number,
): { readonly at: number; readonly waitedMs: number; readonly window: number }[] {
  const pace = new PaceWindow();
  const flying: { readonly sentAt: number; readonly leavesAt: number; readonly backAt: number }[] = [];
  const seen: { at: number; waitedMs: number; window: number }[] = [];
  let now = 0;
  let freeAt = 0;
  while (now < untilMs) {
    while ((flying.length + 1) * MAX_PIECE_BYTES <= pace.bytes) {
      const rate = line.bytesPerMs * (1 - line.others(now));
      freeAt = Math.max(freeAt, now) + MAX_PIECE_BYTES / rate;
      flying.push({ sentAt: now, leavesAt: freeAt, backAt: freeAt + line.rttMs });
    }
    const next = flying[0]!;
    now = next.backAt;
    pace.confirmed(MAX_PIECE_BYTES, flying.length * MAX_PIECE_BYTES, now - next.sentAt, now);
    flying.shift();
    seen.push({ at: now, waitedMs: next.leavesAt - next.sentAt, window: pace.bytes });
  }
  return seen;
}

describe("the pace of a bulk transfer", () => {
  it.each([
    { rttMs: 1, bytesPerMs: 50_000 },
    { rttMs: 20, bytesPerMs: 5_000 },
    { rttMs: 80, bytesPerMs: 12_000 },
    { rttMs: 30, bytesPerMs: 1_000 },
  ])("uses an idle line of $bytesPerMs kB/s and $rttMs ms, and hardly fills its buffers", (line) => {
    const seen = run({ ...line, others: () => 0 }, 20_000).filter(({ at }) => at > 2_000);
    const span = seen.at(-1)!.at - seen[0]!.at;
    expect((seen.length * MAX_PIECE_BYTES) / span).toBeGreaterThan(0.85 * line.bytesPerMs);
    const waits = seen.map(({ waitedMs }) => waitedMs).sort((a, b) => a - b);
    expect(waits[Math.floor(waits.length * 0.99)]).toBeLessThan(75);
  });

  it("slows down when others need the line, and recovers when they are gone", () => {
    const busy = (now: number): boolean => now > 5_000 && now < 15_000;
    const seen = run({ rttMs: 20, bytesPerMs: 5_000, others: (now) => (busy(now) ? 0.9 : 0) }, 25_000);
    const during = seen.filter(({ at }) => at > 7_000 && at < 15_000);
    expect(Math.max(...during.map(({ waitedMs }) => waitedMs))).toBeLessThan(120);
    const windowAt = (ms: number): number => seen.find(({ at }) => at > ms)!.window;
    expect(windowAt(14_000)).toBeLessThan(windowAt(4_500) / 2);
    expect(windowAt(24_000)).toBeGreaterThan(windowAt(4_500) * 0.7);
  });

  it("never stands still, and does not grow while it is not used", () => {
    const pace = new PaceWindow();
    pace.confirmed(MAX_PIECE_BYTES, MAX_PIECE_BYTES, 10, 0);
    const before = pace.bytes;
    for (let i = 1; i < 100; i++) pace.confirmed(MAX_PIECE_BYTES, MAX_PIECE_BYTES, 10, i * 10);
    expect(pace.bytes).toBe(before);
    for (let i = 1; i < 100; i++) pace.confirmed(MAX_PIECE_BYTES, pace.bytes, 1_000, i * 2_000);
    expect(pace.bytes).toBe(2 * MAX_PIECE_BYTES);
  });
});
