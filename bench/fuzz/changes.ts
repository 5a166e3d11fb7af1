/** Inputs of a hostile peer: values and bytes with a few changes, still almost right, so they get far into a parser. */
import fc from "fast-check";
import { type Bytes, concat, encodeCbor, utf8 } from "../../src/core";

/** Bytes that are spliced into other inputs. */
export const NOISE = utf8("\u0000noise\u00ff that is spliced in");

/** Keys that mean something to JavaScript itself. */
const KEYS = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "length", "then", "extra"];
/** Values of another type, size or depth than a field has. */
const STRANGE: readonly unknown[] = [
  ...[null, true, false, [], {}, 2n ** 63n],
  ...[-1, 2 ** 53, -(2 ** 31), 1e308, -0.5, 2 ** 32],
  ...[1, 100, 5_000].map((length) => "x".repeat(length)),
  ...[0, 31, 33, 63, 65].map((length) => new Uint8Array(length).fill(length)),
  ...[1, 300, 3_000].map((length) => new Array<number>(length).fill(0)),
  ...[2, 7, 16, 39].map(nested),
  ...KEYS.flatMap((key) => [key, Object.fromEntries([[key, { polluted: true }]])]),
];
/** Heads of CBOR items that lie about what follows: containers and texts without end or of 4 billion entries. */
const HEADS = [
  [0x9a, 0xff, 0xff, 0xff, 0xff],
  [0xba, 0xff, 0xff, 0xff, 0xff],
  [0x5a, 0xff, 0xff, 0xff, 0xff],
  [0x7a, 0x7f, 0xff, 0xff, 0xff],
  [0x9b, 0, 0, 0, 1, 0, 0, 0, 0],
  [0x9f],
  [0xbf],
  [0x5f],
  [0xff],
  [0xc1],
  [0xf7],
  [0xf9, 0x7e, 0x00],
  [0xfb, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0],
].map((head) => new Uint8Array(head));

function nested(depth: number): unknown {
  return depth === 0 ? 1 : depth % 2 === 0 ? { a: nested(depth - 1) } : [nested(depth - 1)];
}

/** One change inside a value: at the end of `path`, whose numbers choose a child at each level. */
const valueChange = fc.record({
  path: fc.array(fc.nat(100), { maxLength: 4 }),
  how: fc.constantFrom("replace", "add", "remove"),
  key: fc.constantFrom(...KEYS),
  strange: fc.constantFrom(...STRANGE),
});
type ValueChange = typeof valueChange extends fc.Arbitrary<infer Change> ? Change : never;

function changeValue(value: unknown, change: ValueChange, level = 0): unknown {
  const { path, how, key, strange } = change;
  const step = path[level];
  const isContainer = typeof value === "object" && value !== null && !(value instanceof Uint8Array);
  if (!isContainer || (step === undefined && how === "replace")) return strange;
  const entries: [string, unknown][] = Object.entries(value);
  if (step === undefined || entries.length === 0) {
    if (how === "remove") entries.pop();
    else entries.push([key, strange]);
  } else {
    const entry = entries[step % entries.length]!;
    entry[1] = changeValue(entry[1], change, level + 1);
  }
  // Not by assignment: a key may be `__proto__`.
  return Array.isArray(value) ? entries.map(([, item]) => item) : Object.fromEntries(entries);
}

/** The values, each with at most two changes inside. */
export function changedValues(values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const changes = fc.array(valueChange, { maxLength: 2 });
  return fc
    .tuple(values, changes)
    .map(([value, all]) => all.reduce<unknown>((last, each) => changeValue(last, each), value));
}

/** The bytes with at most two changes: a flip, a cut, a lie about a length, a part that is twice, missing or foreign. */
export function changedBytes(
  bytes: fc.Arbitrary<Uint8Array>,
  { foreign = fc.constant(NOISE), min = 0 }: { foreign?: fc.Arbitrary<Uint8Array>; min?: number } = {},
): fc.Arbitrary<Bytes> {
  const at = fc.nat(0xffff);
  const flip = fc.record({ at, mask: fc.integer({ min: 1, max: 255 }) });
  const cut = fc.integer({ min: 0, max: 3 }).map((one) => one === 3);
  const inserts = [fc.constantFrom(...HEADS), fc.uint8Array({ maxLength: 16 }), foreign] as const;
  const splice = fc.record({
    at,
    size: fc.constantFrom(0, 0, 1, 2, 8, 33, 64),
    /** Undefined stands for the removed part, twice. */
    insert: fc.option(fc.oneof(fc.constant(new Uint8Array()), ...inserts), { nil: undefined, freq: 5 }),
    cut,
  });
  const changes = fc.array(fc.oneof(flip, splice, splice, splice), { minLength: min, maxLength: 2 });
  return fc.tuple(bytes, changes).map(([first, all]) => {
    let last = first.slice();
    for (const change of all) {
      const start = change.at % (last.length + 1);
      if ("mask" in change) {
        if (start < last.length) last[start]! ^= change.mask;
        continue;
      }
      const part = last.subarray(start, start + change.size);
      const insert = change.insert ?? concat(part, part);
      last = concat(last.subarray(0, start), insert, change.cut ? NOTHING : last.subarray(start + change.size));
    }
    return last;
  });
}
const NOTHING = new Uint8Array();

/** The values with changes inside, encoded, often with changes to the bytes as well. */
export function hostile(values: fc.Arbitrary<unknown>): fc.Arbitrary<Bytes> {
  return changedBytes(changedValues(values).map((value) => encodeCbor(value)));
}
