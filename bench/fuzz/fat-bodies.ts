/** The fattest bodies of a kind of frame: one list, text or record of its schema after the other, as long as bytes allow. */
import * as v from "valibot";
import { MAX_ITEMS, decodeCbor, encodeCbor } from "../../src/core/cbor";
import type { FrameTable } from "../../src/wire/frames";
import { type Inside, insideOf, presentOf, smallestOf } from "./values";

/** A body whose `at`-th part that can grow has `length` entries; `wrong` ones have another type than the schema says. */
interface Growth {
  readonly at: number;
  readonly length: number;
  readonly wrong: boolean;
}
const NO_GROWTH: Growth = { at: -1, length: 0, wrong: false };

/**
 * The bodies of a kind that have most entries in one of their lists, texts, byte strings or records, within its size limit. A hostile
 * peer need not keep to the schema, so there are bodies with too many entries, and with entries of a wrong type.
 */
export function fatBodies({ schema, maxBytes }: FrameTable[string]): readonly unknown[] {
  const fits = (body: unknown): boolean => encodeCbor(body).length <= maxBytes;
  return [
    smallestOf(schema),
    ...longestOf(schema, fits, { grows: () => true }),
    ...longestOf(schema, fits, { grows: isList, wrong: true }),
  ];
}

/** The most items of a body that a kind accepts: one list or record grows, the rest is small. */
export function mostItems({ schema, maxBytes }: FrameTable[string]): number {
  const fits = (body: unknown): boolean => v.is(schema, body) && encodeCbor(body).length <= maxBytes;
  const bodies = longestOf(schema, fits, { grows: isList });
  return Math.max(itemsOf(smallestOf(schema)), ...bodies.map(itemsOf));
}

/** The number of items of a body. */
function itemsOf(body: unknown): number {
  const budget = { items: MAX_ITEMS };
  decodeCbor(encodeCbor(body), budget);
  return MAX_ITEMS - budget.items;
}

/** For each part that can grow, and that `grows` picks, the longest body that fits; none where not even one entry does. */
function longestOf(
  schema: v.GenericSchema,
  fits: (body: unknown) => boolean,
  { grows, wrong = false }: { readonly grows: (inside: Inside) => boolean; readonly wrong?: boolean },
): unknown[] {
  return growthsOf(schema).flatMap((inside, at) => {
    if (!grows(inside)) return [];
    const bodyWith = (length: number): unknown => bodyOf(schema, { at, length, wrong });
    let known = 0;
    let next = 1;
    while (next < MAX_ITEMS && fits(bodyWith(next))) [known, next] = [next, 2 * next];
    for (let step = next - known; step > known / 64 && step >= 1; step = step >> 1) {
      if (known + step < MAX_ITEMS && fits(bodyWith(known + step))) known += step;
    }
    return known === 0 ? [] : [bodyWith(known)];
  });
}

/** The parts of a schema that can grow, in a fixed order. */
function growthsOf(schema: v.GenericSchema): readonly Inside[] {
  const inside = insideOf(schema);
  return [...(GROWING.has(inside.type) ? [inside] : []), ...partsOf(inside).flatMap(growthsOf)];
}

const isList = ({ type }: Inside): boolean => type === "array" || type === "record";
const GROWING = new Set(["array", "record", "string", "instance"]);

/** The schemas inside of a schema, in a fixed order. */
function partsOf(inside: Inside): readonly v.GenericSchema[] {
  if (inside.type === "picklist") return [];
  const options = (inside.options ?? []) as readonly v.GenericSchema[];
  const own = [inside.item, inside.value].filter((part) => part !== undefined);
  return [...Object.values(inside.entries ?? {}), ...(inside.items ?? []), ...own, ...options];
}

/** A small body, with one part of it grown. Optional fields are there only if they contain that part. */
function bodyOf(schema: v.GenericSchema, { at, length, wrong }: Growth): unknown {
  const present = presentOf(schema);
  const inside = insideOf(present);
  if (at < 0 || at >= growthsOf(present).length) return smallestOf(present);
  let left = GROWING.has(inside.type) ? at - 1 : at;
  if (left < 0) return grown(inside, length, wrong);
  // The part lies in one of the schemas inside.
  const within = (part: v.GenericSchema): Growth => {
    const growth = { at: left, length, wrong };
    left -= growthsOf(part).length;
    return growth.at < growthsOf(part).length ? growth : NO_GROWTH;
  };
  const contains = ({ at: place }: Growth): boolean => place >= 0;
  if (inside.entries) {
    const fields = Object.entries(inside.entries).map(([key, part]) => ({ key, part, growth: within(part) }));
    const kept = fields.filter(({ part, growth }) => presentOf(part) === part || contains(growth));
    return Object.fromEntries(kept.map(({ key, part, growth }) => [key, bodyOf(part, growth)]));
  }
  const [chosen] = partsOf(inside)
    .map((part) => ({ part, growth: within(part) }))
    .filter(({ growth }) => contains(growth));
  const body = bodyOf(chosen!.part, chosen!.growth);
  if (inside.type === "array") return [body];
  if (inside.type === "record") return { a: body };
  if (!inside.items) return body;
  return inside.items.map((part) => (part === chosen!.part ? body : smallestOf(part)));
}

function grown(inside: Inside, length: number, wrong: boolean): unknown {
  if (inside.type === "string") return "a".repeat(length);
  if (inside.type === "instance") return new Uint8Array(length);
  const entry = wrong ? null : smallestOf(inside.item ?? inside.value!);
  if (inside.type === "array") return new Array<unknown>(length).fill(entry);
  return Object.fromEntries(Array.from({ length }, (_, index) => [index.toString(36), entry]));
}
