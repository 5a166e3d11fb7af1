/** Valid values for any schema of the protocol, made by looking into the schema: a new kind of frame is covered at once. */
import fc from "fast-check";
import * as v from "valibot";
import { encodeCbor } from "../../src/core";

/** Strings that fit the regular expressions and lengths of the protocol, and strings that a hostile peer would send. */
const STRINGS = [
  "",
  "a",
  "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
  "0123456789abcdef",
  "0123456789abcdef0123456789abcdef",
  "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY",
  "https://127.0.0.1:9000/microgrid",
  "2026-11-30T05:39:09",
  "<img src=x onerror=alert(1)>",
  "__proto__",
  '{"type":"object","properties":{"city":{"type":"string"}}}',
  "\u202e\u0000\ud83d\udc7e",
  "a sentence of some length, as people write them",
] as const;
const NUMBERS = [0, 1, 2, 7, 0.5, 63, 1000, 65_535, 0xffff_ffff, 1_760_000_000_000] as const;
const BYTES = [32, 64, 16, 12, 48, 0, 1, 100].map((length) => new Uint8Array(length));

/** The parts of a valibot schema that are looked at; their names are valibot's. */
export interface Inside {
  readonly type: string;
  readonly pipe?: readonly { readonly kind: string; readonly type: string; readonly requirement?: unknown }[];
  readonly entries?: Readonly<Record<string, v.GenericSchema>>;
  readonly item?: v.GenericSchema;
  readonly items?: readonly v.GenericSchema[];
  readonly wrapped?: v.GenericSchema;
  readonly value?: v.GenericSchema;
  readonly options?: readonly unknown[];
  readonly literal?: unknown;
}

/** The schema of a field that is there: what `optional` wraps. */
export function presentOf(schema: v.GenericSchema): v.GenericSchema {
  let present = schema;
  while (isOptional(present)) present = (present as unknown as Inside).wrapped!;
  return present;
}

/** The parts of a schema, without `optional`. Of several schemas in a pipe, the last one says most. */
export function insideOf(schema: v.GenericSchema): Inside {
  const inside = presentOf(schema) as unknown as Inside;
  const last = inside.pipe?.findLast(({ kind }) => kind === "schema");
  return last ? insideOf(last as v.GenericSchema) : inside;
}

function isOptional({ type }: v.GenericSchema): boolean {
  return type === "optional" || type === "exact_optional";
}

const smallest = new WeakMap<v.GenericSchema, unknown>();

/** A small value that the schema accepts: that with the shortest encoding among a few. */
export function smallestOf(schema: v.GenericSchema): unknown {
  if (!smallest.has(schema)) {
    const values = fc.sample(valuesOf(presentOf(schema)), { numRuns: 50, seed: 1 });
    const sized = values.map((value) => ({ value, bytes: encodeCbor(value).length }));
    smallest.set(schema, sized.reduce((best, each) => (each.bytes < best.bytes ? each : best)).value);
  }
  return smallest.get(schema);
}

/** Makes values that the schema accepts. Throws if it knows none. */
export function valuesOf(schema: v.GenericSchema): fc.Arbitrary<unknown> {
  return guesses(schema).filter((value) => v.is(schema, value));
}

function guesses(schema: v.GenericSchema): fc.Arbitrary<unknown> {
  const inside = insideOf(schema);
  const options = (inside.options ?? []) as readonly v.GenericSchema[];
  switch (inside.type) {
    case "object":
    case "strict_object":
    case "loose_object":
      return objects(Object.entries(inside.entries ?? {}));
    case "array":
      return fc.array(valuesOf(inside.item!), exactLength(schema as unknown as Inside) ?? { maxLength: 3 });
    case "tuple":
    case "strict_tuple":
      return fc.tuple(...(inside.items ?? []).map(valuesOf));
    case "nullable":
      return fc.option(valuesOf(inside.wrapped!), { freq: 3 });
    case "union":
    case "variant":
      return fc.oneof(...options.map(valuesOf));
    case "picklist":
      return fc.constantFrom(...options);
    case "literal":
      return fc.constant(inside.literal);
    case "record":
      return fc.constant({});
    case "boolean":
      return fc.boolean();
    case "number":
      return candidates(schema, NUMBERS);
    case "string":
      return candidates(schema, STRINGS);
    case "instance":
      return candidates(schema, BYTES).chain(({ length }) => fc.uint8Array({ minLength: length, maxLength: length }));
    case "unknown":
    case "any":
      return fc.constantFrom(1, "a", true, null);
    default:
      throw new Error(`bench/fuzz/values.ts does not know schemas of type ${inside.type}.`);
  }
}

/** Objects in which optional fields may be absent. */
function objects(entries: readonly [string, v.GenericSchema][]): fc.Arbitrary<unknown> {
  const fields = entries.map(([key, entry]) => [key, valuesOf(presentOf(entry))] as const);
  const requiredKeys = entries.filter(([, entry]) => !isOptional(entry)).map(([key]) => key);
  return fc.record(Object.fromEntries(fields), { requiredKeys, noNullPrototype: true });
}

function candidates<T>(schema: v.GenericSchema, all: readonly T[]): fc.Arbitrary<T> {
  const fitting = all.filter((value) => v.is(schema, value));
  if (fitting.length > 0) return fc.constantFrom(...fitting);
  throw new Error(`No value fits a schema of type ${schema.type}; give bench/fuzz/values.ts a candidate.`);
}

/** The one length that a list of this schema may have, if it says so. */
function exactLength({ pipe = [] }: Inside): fc.ArrayConstraints | undefined {
  const requirement = pipe.find(({ type }) => type === "length")?.requirement;
  return typeof requirement === "number" ? { minLength: requirement, maxLength: requirement } : undefined;
}
