/** The keywords of JSON Schema that are honoured, and those that say nothing about what is valid. */
import * as v from "valibot";
import { MicrogridError } from "../../../core";

/** Most characters of a string, and most elements of a list or an object, that a bound may name. */
const MAX_COUNT = 10_000;

const TYPES = ["null", "boolean", "object", "array", "number", "integer", "string"] as const;
/** The type of a value. A whole number is of type `integer`, and of type `number` as well. */
export type JsonType = (typeof TYPES)[number];
export const ALL_TYPES: readonly JsonType[] = TYPES.filter((type) => type !== "integer");

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const atLeast = v.pipe(count, v.maxValue(MAX_COUNT, `It may be at most ${MAX_COUNT}`));
const bound = v.pipe(v.number(), v.finite());
/** A schema inside another: an object, true or false. */
const Inner = v.custom<Schema>(isSchema, "It has to be a schema: an object, true or false");
const InnerList = v.pipe(v.array(Inner), v.minLength(1));

/** A schema: keywords, or true (anything) or false (nothing). */
export type Schema = boolean | Readonly<Record<string, unknown>>;

/** The keywords that are honoured. */
const Keywords = v.object({
  $ref: v.optional(v.string()),
  type: v.optional(v.union([v.picklist(TYPES), v.pipe(v.array(v.picklist(TYPES)), v.minLength(1))])),
  enum: v.optional(v.array(v.unknown())),
  const: v.optional(v.unknown()),
  anyOf: v.optional(InnerList),
  oneOf: v.optional(InnerList),
  allOf: v.optional(InnerList),
  // Not a record: that would pass over properties with names such as `constructor`.
  properties: v.optional(
    v.custom<Readonly<Record<string, Schema>>>(isSchemas, "It has to contain a schema for each name"),
  ),
  required: v.optional(v.array(v.string())),
  additionalProperties: v.optional(Inner),
  minProperties: v.optional(atLeast),
  maxProperties: v.optional(count),
  prefixItems: v.optional(InnerList),
  items: v.optional(Inner),
  minItems: v.optional(atLeast),
  maxItems: v.optional(count),
  minLength: v.optional(atLeast),
  maxLength: v.optional(count),
  pattern: v.optional(v.string()),
  format: v.optional(v.string()),
  minimum: v.optional(bound),
  maximum: v.optional(bound),
  exclusiveMinimum: v.optional(bound),
  exclusiveMaximum: v.optional(bound),
  multipleOf: v.optional(v.pipe(v.number(), v.finite(), v.gtValue(0))),
  uniqueItems: v.optional(v.boolean()),
});
export type Keywords = v.InferOutput<typeof Keywords>;

/** Keywords that do not make a value invalid. */
const NOTES: ReadonlySet<string> = new Set([
  "$anchor",
  "$comment",
  "$defs",
  "$dynamicAnchor",
  "$id",
  "$schema",
  "$vocabulary",
  "contentEncoding",
  "contentMediaType",
  "contentSchema",
  "default",
  "definitions",
  "deprecated",
  "description",
  "example",
  "examples",
  "readOnly",
  "title",
  "writeOnly",
]);

/** The keywords that say something about one type, and leave values of all others alone. */
export const KEYWORDS_OF_TYPE = {
  object: ["properties", "required", "additionalProperties", "minProperties", "maxProperties"],
  array: ["prefixItems", "items", "minItems", "maxItems", "uniqueItems"],
  string: ["minLength", "maxLength", "pattern", "format"],
  number: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
} as const satisfies Partial<Record<JsonType, readonly (keyof Keywords)[]>>;

/** The keywords of a schema. Throws `bad-request` for those that cannot be honoured, and for values that they cannot have. */
export function keywordsOf(schema: Readonly<Record<string, unknown>>): Keywords {
  const strange = Object.keys(schema).find(
    (name) => !Object.hasOwn(Keywords.entries, name) && !NOTES.has(name) && !name.startsWith("x-"),
  );
  if (strange !== undefined) throw notSupported(`“${strange}”`);
  const result = v.safeParse(Keywords, schema);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const why = issue.message.startsWith("It ") ? `. ${issue.message}` : "";
  throw new MicrogridError("bad-request", `“${v.getDotPath(issue) ?? ""}” in the schema has a wrong value${why}.`);
}

/** For what a schema says that no format of an answer can keep to. */
export function notSupported(what: string): MicrogridError {
  return new MicrogridError("bad-request", `${what} is not supported in the schema of an answer.`);
}

/** True for what can be a schema. */
export function isSchema(value: unknown): value is Schema {
  return typeof value === "boolean" || (typeof value === "object" && value !== null && !Array.isArray(value));
}

function isSchemas(value: unknown): boolean {
  return typeof value === "object" && isSchema(value) && Object.values(value).every(isSchema);
}

/** The type of a JSON value. */
export function typeOf(value: unknown): JsonType {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value as "boolean" | "string" | "object";
}

/** True if values of a type are allowed by a list of types. */
export function allowsType(types: readonly JsonType[], type: JsonType): boolean {
  return types.includes(type) || (type === "integer" && types.includes("number"));
}
