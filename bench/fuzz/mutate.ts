/** Changes of values and bytes such as a hostile peer would make: still almost right, which gets furthest into a parser. */
import { type Bytes, concat } from "../../src/core";
import type { Random } from "./random";

/** Keys that mean something to JavaScript itself. */
const KEYS = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "length", "then", "extra"];
const DEEPEST = 40;

function strange(random: Random): unknown {
  switch (random.below(12)) {
    case 0:
      return null;
    case 1:
      return random.pick([-1, 2 ** 53, -(2 ** 31), 1e308, -0.5, 2 ** 32]);
    case 2:
      return "x".repeat(random.pick([1, 100, 5_000]));
    case 3:
      return random.bytes(random.pick([0, 31, 33, 63, 65]));
    case 4:
      return [];
    case 5:
      return {};
    case 6:
      return nested(random.below(DEEPEST));
    case 7:
      return withKey({}, random.pick(KEYS), { polluted: true });
    case 8:
      return new Array(random.pick([1, 300, 3_000])).fill(0);
    case 9:
      return random.chance(2);
    case 10:
      return random.pick(KEYS);
    default:
      return 2n ** 63n;
  }
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

/** An own property, also where its name is `__proto__`. */
function withKey(of: object, key: string, value: unknown): object {
  return Object.defineProperty({ ...of }, key, { value, enumerable: true, configurable: true, writable: true });
}

/** The value with one thing in it changed: another type, a missing or a foreign key, a list that is longer. */
export function mutateValue(value: unknown, random: Random): unknown {
  if (typeof value === "object" && value !== null && !(value instanceof Uint8Array) && !random.chance(6)) {
    if (Array.isArray(value)) {
      const items = value as readonly unknown[];
      if (items.length === 0 || random.chance(4)) return [...items, strange(random)];
      const at = random.below(items.length);
      return items.map((item, index) => (index === at ? mutateValue(item, random) : item));
    }
    const keys = Object.keys(value);
    if (keys.length === 0 || random.chance(5)) return withKey(value, random.pick(KEYS), strange(random));
    const key = random.pick(keys);
    if (random.chance(6)) return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
    return withKey(value, key, mutateValue((value as Record<string, unknown>)[key], random));
  }
  return strange(random);
}

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

/** The bytes with one thing changed: bits, a cut, a lie about a length, a part twice, missing, or of another input. */
export function mutateBytes(bytes: Uint8Array, random: Random, others: readonly Uint8Array[]): Bytes {
  const at = random.below(bytes.length + 1);
  const size = random.below(Math.min(64, bytes.length - at + 1));
  const [before, part, after] = [bytes.subarray(0, at), bytes.subarray(at, at + size), bytes.subarray(at + size)];
  switch (random.below(9)) {
    case 0:
    case 1: {
      const changed = bytes.slice();
      for (let flips = 1 + random.below(4); flips > 0 && changed.length > 0; flips--) {
        changed[random.below(changed.length)]! ^= 1 << random.below(8);
      }
      return changed;
    }
    case 2:
      return before.slice();
    case 3:
      return concat(before, random.pick(HEADS), bytes.subarray(at));
    case 4:
      return concat(before, random.pick(HEADS), bytes.subarray(Math.min(bytes.length, at + 1)));
    case 5:
      return concat(before, part, part, after);
    case 6:
      return concat(before, after);
    case 7: {
      const other = random.pick(others);
      return concat(before, other.subarray(random.below(other.length + 1)));
    }
    default:
      return concat(before, random.bytes(random.below(16)), after);
  }
}
