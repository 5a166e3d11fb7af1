/** A few thousand hostile inputs for each parser at every run of the tests; `npm run fuzz` feeds ten million. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeCbor, encodeCbor } from "../../src/core";
import { BULK_FRAMES } from "../../src/room/weights/frames";
import { ROOM_FRAMES } from "../../src/room/protocol";
import { STAGE_FRAMES } from "../../src/room/stages/frames";
import { parseFrame } from "../../src/wire/frames";
import { LINK_FRAMES } from "../../src/wire/link";
import type { Target } from "./feeding";
import { Random } from "./random";
import { sample } from "./sample";
import { fuzz } from "./session";
import { TARGETS } from "./targets";

describe("hostile inputs", () => {
  it.each(TARGETS)("do no harm to $name", async (target) => {
    const inputs = Math.max(1, Math.round(100 * Math.min(1, target.weight)));
    // fast-check draws the seeds, and would say which of them did harm.
    const run = fc.asyncProperty(fc.integer({ min: 0 }), async (seed) => {
      expect((await fuzz(target, { inputs, seed })).inputs).toBe(inputs);
    });
    await fc.assert(run, { numRuns: 30, endOnFailure: true });
  });

  it("are found where they do harm", async () => {
    const careless: Target = {
      name: "careless",
      weight: 1,
      feed(random) {
        if (random.below(1000) === 7) throw new TypeError("undefined is not an object");
        return true;
      },
    };
    await expect(fuzz(careless, { inputs: 20_000, seed: 1 })).rejects.toThrow(
      /careless: the input of seed \d+ did harm/,
    );
    const key = "polluted by a test";
    const polluting: Target = {
      ...careless,
      feed: () => Object.defineProperty(Object.prototype, key, { configurable: true }) === undefined,
    };
    await expect(fuzz(polluting, { inputs: 1, seed: 1 })).rejects.toThrow(/a prototype was polluted/);
    Reflect.deleteProperty(Object.prototype, key);
  });
});

describe("samples", () => {
  const table = { ...LINK_FRAMES, ...ROOM_FRAMES, ...STAGE_FRAMES, ...BULK_FRAMES };
  const kinds = Object.entries(table);
  it.each(kinds)("of %s are what a peer may send", (kind, { schema }) => {
    for (let seed = 0; seed < 50; seed++) {
      const value = sample(schema, new Random(seed));
      expect(parseFrame(table, { kind, body: encodeCbor(value) }).kind).toBe(kind);
      expect(encodeCbor(decodeCbor(encodeCbor(value)))).toEqual(encodeCbor(value));
    }
  });
});
