/** Valid values for any schema of the protocol, made by looking into the schema: a new kind of frame is covered at once. */
import * as v from "valibot";
import type { Random } from "./random";

/** Strings that fit the regular expressions and lengths of the protocol, and strings that a hostile peer would send. */
const STRINGS = [
  "",
  "a",
  "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
  "0123456789abcdef",
  "0123456789abcdef0123456789abcdef",
  "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY",
  "https://127.0.0.1:9000/microgrid",
  "<img src=x onerror=alert(1)>",
  "__proto__",
  "\u202e\u0000\ud83d\udc7e",
  "a sentence of some length, as people write them",
] as const;
const NUMBERS = [0, 1, 2, 7, 0.5, 63, 1000, 65_535, 0xffff_ffff, 1_760_000_000_000] as const;
const LENGTHS = [32, 64, 16, 12, 48, 0, 1, 100] as const;
/** A schema that none of these tries fits needs another candidate above. */
const TRIES = 200;

/** The parts of a valibot schema that are looked at; their names are valibot's. */
interface Inside {
  readonly type: string;
  readonly pipe?: readonly { readonly type: string; readonly requirement?: unknown }[];
  readonly entries?: Readonly<Record<string, v.GenericSchema>>;
  readonly item?: v.GenericSchema;
  readonly items?: readonly v.GenericSchema[];
  readonly wrapped?: v.GenericSchema;
  readonly options?: readonly unknown[];
  readonly literal?: unknown;
}

/** A value that the schema accepts. Throws if none was found. */
export function sample(schema: v.GenericSchema, random: Random): unknown {
  for (let tries = 0; tries < TRIES; tries++) {
    const value = guess(schema, random);
    if (v.is(schema, value)) return value;
  }
  throw new Error(`No value was found for a schema of type ${schema.type}; give bench/fuzz/sample.ts a candidate.`);
}

function guess(schema: v.GenericSchema, random: Random): unknown {
  const inside = schema as unknown as Inside;
  switch (inside.type) {
    case "object":
    case "strict_object":
    case "loose_object":
      return Object.fromEntries(
        Object.entries(inside.entries ?? {}).flatMap(([key, entry]) => {
          if (entry.type === "exact_optional" && random.chance(3)) return [];
          const value = sample(entry, random);
          return value === undefined ? [] : [[key, value]];
        }),
      );
    case "array":
      return Array.from({ length: exactLength(inside) ?? random.below(4) }, () => sample(inside.item!, random));
    case "tuple":
    case "strict_tuple":
      return (inside.items ?? []).map((item) => sample(item, random));
    case "exact_optional":
      // The object leaves it out: undefined is not a value of it.
      return sample(inside.wrapped!, random);
    case "optional":
    case "nullable":
      return random.chance(3) ? (inside.type === "nullable" ? null : undefined) : sample(inside.wrapped!, random);
    case "union":
    case "variant":
      return sample(random.pick(inside.options as readonly v.GenericSchema[]), random);
    case "picklist":
      return random.pick(inside.options ?? []);
    case "literal":
      return inside.literal;
    case "record":
      return {};
    case "boolean":
      return random.chance(2);
    case "number":
      return random.pick(NUMBERS);
    case "string":
      return random.pick(STRINGS);
    case "instance":
      return random.bytes(random.pick(LENGTHS));
    case "unknown":
    case "any":
      return random.pick([1, "a", true, null]);
    default:
      throw new Error(`bench/fuzz/sample.ts does not know schemas of type ${inside.type}.`);
  }
}

/** The one length that a list of this schema may have, if it says so. */
function exactLength({ pipe = [] }: Inside): number | undefined {
  const requirement = pipe.find(({ type }) => type === "length")?.requirement;
  return typeof requirement === "number" ? requirement : undefined;
}
