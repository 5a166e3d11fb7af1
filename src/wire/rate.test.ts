/** Over any period, a bucket allows exactly what its rate allows: no more and no less. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TokenBucket } from "./rate";

const rates = fc.record({
  burst: fc.integer({ min: 1, max: 200 }),
  perSecond: fc.double({ min: 0, max: 500, noNaN: true }),
});
/** Delays between frames, in ms, including long runs of frames that arrive at the same moment. */
const waits = fc.array(fc.oneof(fc.constant(0), fc.double({ min: 0, max: 3_000, noNaN: true })), { maxLength: 300 });

describe("TokenBucket", () => {
  it("allows at most burst and rate over any period", () => {
    fc.assert(
      fc.property(rates, waits, (rate, pauses) => {
        const bucket = new TokenBucket(rate, 0);
        const taken: number[] = [];
        let now = 0;
        for (const pause of pauses) if (bucket.take((now += pause))) taken.push(now);
        for (const [from, start] of taken.entries()) {
          for (const [to, end] of taken.entries()) {
            if (to < from) continue;
            expect(to - from + 1).toBeLessThanOrEqual(rate.burst + ((end - start) / 1000) * rate.perSecond + 1e-6);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it("never refuses a peer that keeps to the rate, and allows a full burst after a pause", () => {
    fc.assert(
      fc.property(rates, fc.integer({ min: 0, max: 1e9 }), fc.integer({ min: 1, max: 200 }), (rate, start, frames) => {
        const bucket = new TokenBucket(rate, start);
        const stepMs = rate.perSecond > 0 ? 1000 / rate.perSecond : Infinity;
        let now = start;
        for (let i = 0; i < frames && Number.isFinite(stepMs); i++)
          expect(bucket.take((now += stepMs * 1.001))).toBe(true);
        const rested =
          Number.isFinite(stepMs) && stepMs * rate.burst < 1e9 ? now + stepMs * (rate.burst + 1) : undefined;
        if (rested === undefined) return;
        for (let i = 0; i < rate.burst; i++) expect(bucket.take(rested)).toBe(true);
        expect(bucket.take(rested)).toBe(false);
      }),
    );
  });

  it("never refills a bucket for frames that are sent only at the start", () => {
    const bucket = new TokenBucket({ burst: 1, perSecond: 0 }, 0);
    expect([bucket.take(0), bucket.take(1e12)]).toEqual([true, false]);
  });
});
