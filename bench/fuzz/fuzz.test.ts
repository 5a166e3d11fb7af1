/** A few thousand hostile inputs for each parser at every run of the tests; `npm run fuzz` feeds ten million. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { decodeCbor, encodeCbor } from "../../src/core";
import { parseFrame } from "../../src/wire/frames";
import { MOST_ITEMS } from "./costs";
import { fatBodies, mostItems } from "./fat-bodies";
import type { Target } from "./feeding";
import { fuzz } from "./session";
import { KINDS, type Kind, TABLES } from "./tables";
import { TARGETS } from "./targets";
import { smallestOf, valuesOf } from "./values";

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
  it.each(Object.entries(KINDS))("of %s are what a peer may send", (kind, { schema }) => {
    const property = fc.property(valuesOf(schema), (value) => {
      expect(parseFrame(KINDS, { kind, body: encodeCbor(value) }).kind).toBe(kind);
      expect(encodeCbor(decodeCbor(encodeCbor(value)))).toEqual(encodeCbor(value));
    });
    fc.assert(property, { numRuns: 50 });
  });
});

describe("the bound on the cost of frames", () => {
  it("covers every table of frames in the code, and every kind once", () => {
    const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
    const tables = /export const (\w+) = \{\n(?: .*\n|\n)*\} satisfies FrameTable/;
    const names = files.flatMap((file) => tables.exec(readFileSync(join("src", file), "utf8"))?.[1] ?? []);
    expect(names.filter((name) => name !== "GOSSIP_FRAMES").sort()).toEqual(Object.keys(TABLES).sort());
    const kinds = Object.values(TABLES).flatMap((table) => Object.keys(table));
    expect(kinds.sort()).toEqual(Object.keys(MOST_ITEMS).sort());
  });

  it.each(Object.entries(KINDS) as [Kind, (typeof KINDS)[Kind]][])("holds for the items of %s", (kind, spec) => {
    expect(mostItems(spec)).toBeLessThanOrEqual(MOST_ITEMS[kind]);
  });

  it("is kept by refusing a body at its first wrong entry", () => {
    const body = encodeCbor({ ...(smallestOf(KINDS["stage.next"].schema) as object), open: new Array(500).fill(null) });
    const refusal = expect.objectContaining({ cause: [expect.anything()] }) as Error;
    expect(() => parseFrame(KINDS, { kind: "stage.next", body })).toThrow(refusal);
  });

  it("finds the worst bodies of a schema: longest lists, also inside of others, and of wrong entries", () => {
    const inner = v.strictObject({ a: v.array(v.number()), b: v.optional(v.string()) });
    const schema = v.strictObject({ list: v.pipe(v.array(inner), v.maxLength(3)) });
    const spec = { schema, maxBytes: 1_000, rate: { burst: 1, perSecond: 1 } };
    const bodies = fatBodies(spec).map((body) => JSON.stringify(body));
    expect(bodies.some((body) => /^\{"list":\[(\{"a":\[\]\},){200,}/.test(body))).toBe(true);
    expect(bodies.some((body) => /^\{"list":\[\{"a":\[(\d,){900,}/.test(body))).toBe(true);
    expect(bodies.some((body) => /^\{"list":\[(null,){900,}/.test(body))).toBe(true);
    expect(bodies.some((body) => /"b":"a{900,}"/.test(body))).toBe(true);
    expect(mostItems(spec)).toBeGreaterThan(900);
    expect(mostItems({ ...spec, maxBytes: 20 })).toBeLessThan(20);
  });
});
