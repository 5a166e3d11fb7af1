/** The codec preserves values and refuses malicious input. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_DEPTH, MAX_ITEMS, decodeCbor, encodeCbor } from "./cbor";

/** In Node, the codec returns byte strings as `Buffer`s; in browsers they are plain `Uint8Array`s. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)]));
}

describe("CBOR", () => {
  it("decodes what it encoded, with only one encoding per value", () => {
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 4 },
        fc.string(),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.uint8Array(),
        fc.array(tie("any"), { maxLength: 5 }),
        fc.dictionary(fc.string(), tie("any"), { maxKeys: 5, noNullPrototype: true }),
      ),
    })).any;
    fc.assert(
      fc.property(value, (original) => {
        const encoded = encodeCbor(original);
        expect(plain(decodeCbor(encoded))).toEqual(original);
        expect(encodeCbor(decodeCbor(encoded))).toEqual(encoded);
      }),
    );
  });

  const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
  it("accepts the deepest allowed nesting and refuses one level more", () => {
    expect(decodeCbor(encodeCbor(nested(MAX_DEPTH)))).toEqual(nested(MAX_DEPTH));
    expect(() => decodeCbor(encodeCbor(nested(MAX_DEPTH + 1)))).toThrow(/cannot be read/);
  });

  it.each([
    ["an array that claims 4 billion entries", [0x9a, 0xff, 0xff, 0xff, 0xff]],
    ["a map that claims 2^60 entries", [0xbb, 0x10, 0, 0, 0, 0, 0, 0, 0]],
    ["bytes that claim 4 GB", [0x5a, 0xff, 0xff, 0xff, 0xff]],
    ["an indefinite array", [0x9f, 0x01, 0xff]],
    ["trailing bytes", [0x01, 0x01]],
    ["a tag", [0xc1, 0x01]],
    ["a number that is not in its shortest form", [0x18, 0x01]],
    ["the same key twice", [0xa2, 0x61, 0x61, 1, 0x61, 0x61, 2]],
    ["nothing", []],
  ])("refuses %s", (_name, bytes) => {
    expect(() => decodeCbor(new Uint8Array(bytes))).toThrow(/cannot be read/);
  });

  it("refuses more items than a real frame has", () => {
    expect(() => decodeCbor(encodeCbor(new Array(MAX_ITEMS).fill(0)))).toThrow(/cannot be read/);
  });

  it("survives any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          decodeCbor(bytes);
        } catch (error) {
          expect(error).toMatchObject({ code: "peer-protocol" });
        }
      }),
      { numRuns: 2000 },
    );
  });
});
