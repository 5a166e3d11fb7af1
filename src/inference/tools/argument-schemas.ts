/** The schemas of a tool's arguments, one by one, for notations that are not JSON. */
import type { JsonObject } from "./json";

/** References that are followed before a schema counts as one without an end. */
const MAX_REFERENCES = 8;
/** Keywords that say which values fit. A schema without any is one of a text. */
const KINDS = ["type", "enum", "const", "anyOf", "oneOf", "allOf", "not", "properties", "items", "$ref"];

/** The schemas of the named arguments, in their order. References inside `root` are followed. */
export function argumentSchemas(schema: JsonObject | undefined, root = schema): ReadonlyMap<string, JsonObject> {
  const properties = asObject(schema?.properties) ?? {};
  return new Map(Object.entries(properties).map(([name, value]) => [name, followed(asObject(value) ?? {}, root)]));
}

/** The schema that a schema refers to inside `root`; itself if it refers to none. */
export function followed(schema: JsonObject, root: JsonObject | undefined): JsonObject {
  let current = schema;
  for (let count = 0; count < MAX_REFERENCES; count++) {
    const reference = current.$ref;
    if (typeof reference !== "string" || !reference.startsWith("#/")) break;
    let place: unknown = root;
    for (const part of reference.slice(2).split("/")) {
      const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
      place = asObject(place) && Object.hasOwn(place as JsonObject, key) ? (place as JsonObject)[key] : undefined;
    }
    const target = asObject(place);
    if (target === undefined) break;
    current = target;
  }
  return current;
}

/** Whether the values of a schema are written as they are, without quotes. */
export function isText(schema: JsonObject): boolean {
  return schema.type === "string" || textsOf(schema) !== undefined || KINDS.every((kind) => !(kind in schema));
}

/** The texts that a schema lists; undefined if it lists none, or other values, too. */
export function textsOf(schema: JsonObject): readonly string[] | undefined {
  const values: readonly unknown[] = Array.isArray(schema.enum) ? schema.enum : "const" in schema ? [schema.const] : [];
  const texts = values.filter((value) => typeof value === "string");
  return texts.length > 0 && texts.length === values.length ? texts : undefined;
}

export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}
