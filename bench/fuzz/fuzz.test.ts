/** A few thousand hostile inputs for each parser at every run of the tests; `npm run fuzz` feeds ten million. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeCbor, encodeCbor } from "../../src/core";
import { BULK_FRAMES } from "../../src/room/frames/bulk";
import { ROOM_FRAMES } from "../../src/room/protocol";
import { STAGE_FRAMES } from "../../src/room/frames/stage";
import { parseFrame } from "../../src/wire/frames";
import { LINK_FRAMES } from "../../src/wire/link";
import type { Target } from "./feeding";
import { fuzz } from "./session";
import { TARGETS } from "./targets";
import { valuesOf } from "./values";

describe("hostile inputs", () => {
  it.each(TARGETS)("do no harm to $name", async (target) => {
    const inputs = Math.max(30, Math.round(3000 * Math.min(1, target.weight)));
    expect((await fuzz(target, { inputs, seed: Date.now() % 2 ** 31 })).inputs).toBe(inputs);
  });

  it("are found if they do harm, and are reduced to the smallest harmful input", async () => {
    const careless: Target<number> = {
      name: "careless",
      weight: 1,
      inputs: fc.nat(100_000),
      feed(input) {
        if (input > 1000 && input % 100 > 7) throw new TypeError("undefined is not an object");
        return true;
      },
    };
    await expect(fuzz(careless, { inputs: 1000, seed: 1 })).rejects.toThrow(
      /careless: an input did harm.*seed: 1, .*Counterexample: \[1008\]/s,
    );
    const key = "polluted by a test";
    const polluting: Target<number> = {
      ...careless,
      feed: () => Object.defineProperty(Object.prototype, key, { configurable: true }) === undefined,
    };
    await expect(fuzz(polluting, { inputs: 1, seed: 1 })).rejects.toThrow(/a prototype was polluted/);
    Reflect.deleteProperty(Object.prototype, key);
  });
});

describe("values", () => {
  const table = { ...LINK_FRAMES, ...ROOM_FRAMES, ...STAGE_FRAMES, ...BULK_FRAMES };
  it.each(Object.entries(table))("of %s are what a peer may send", (kind, { schema }) => {
    const property = fc.property(valuesOf(schema), (value) => {
      expect(parseFrame(table, { kind, body: encodeCbor(value) }).kind).toBe(kind);
      expect(encodeCbor(decodeCbor(encodeCbor(value)))).toEqual(encodeCbor(value));
    });
    fc.assert(property, { numRuns: 50 });
  });
});
