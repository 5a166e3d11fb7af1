/** Fields are found as in the decoded value, and nothing else of the bytes is read. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeCbor, encodeCbor } from "./cbor";
import { cborEntries, cborField, cborPart } from "./cbor-field";

const values = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.uint8Array({ maxLength: 300 }),
  fc.array(fc.nat(), { maxLength: 300 }),
);

describe("a field", () => {
  it("has the value that decoding the whole would give", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), values, { noNullPrototype: true }), values, (others, model) => {
        const bytes = encodeCbor({ ...others, request: { ...others, model } });
        const whole = decodeCbor(bytes) as { request: { model: unknown } };
        expect(cborField(bytes, ["request", "model"])).toEqual(whole.request.model);
        expect(cborField(bytes, ["request", "absent here"])).toBe(undefined);
        expect(decodeCbor(cborPart(bytes, ["request"])!)).toEqual(whole.request);
        expect(cborPart(bytes, ["absent here"])).toBe(undefined);
      }),
    );
  });

  it("is read although what follows cannot be", () => {
    const bytes = encodeCbor({ id: "abc", request: "a long text" });
    expect(cborField(bytes.subarray(0, -4), ["id"])).toBe("abc");
    expect(cborField(bytes.subarray(0, -4), ["request"])).toBe(undefined);
  });

  it("is absent in bytes that lie about lengths, and reading ends within their length", () => {
    const heads = [0x9b, 0xbb, 0x5b, 0x7b].map(
      (first) => new Uint8Array([0xa1, 0x61, 0x61, first, 1, 0, 0, 0, 0, 0, 0, 0]),
    );
    for (const bytes of heads)
      expect([cborField(bytes, ["a"]), cborField(bytes, ["b"])]).toEqual([undefined, undefined]);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void cborField(bytes, ["a"])),
      { numRuns: 2000 },
    );
  });
});

describe("the entries of a list", () => {
  it("are those that decoding the whole would give", () => {
    fc.assert(
      fc.property(fc.array(values), values, (list, other) => {
        const bytes = encodeCbor({ other, inside: { list } });
        expect(cborEntries(bytes, ["inside", "list"])?.map((entry) => decodeCbor(entry))).toEqual(
          (decodeCbor(bytes) as { inside: { list: unknown[] } }).inside.list,
        );
      }),
    );
  });

  it("are absent where there is no list, or where its end is missing", () => {
    const bytes = encodeCbor({ list: ["a", "b", "c"], text: "a" });
    expect(cborEntries(bytes, ["text"])).toBe(undefined);
    expect(cborEntries(bytes, ["absent"])).toBe(undefined);
    const list = encodeCbor({ list: ["a", "b", "c"] });
    expect(cborEntries(list.subarray(0, -1), ["list"])).toBe(undefined);
    // It says that it has 2^32 entries.
    expect(cborEntries(new Uint8Array([0xa1, 0x61, 0x61, 0x9b, 0, 0, 0, 1, 0, 0, 0, 0, 1]), ["a"])).toBe(undefined);
  });
});
