/** Tells whether no value can fit two schemas at once, as `oneOf` asks. */
import { canonical } from "./canonical";
import { type Facts, type SchemaFacts, hasType } from "./facts";
import { type JsonType, type Schema, allowsType, typeOf } from "./keywords";

/** True if no text that is written for one of the two can be valid for the other. False if that cannot be seen easily. */
export function areApart(one: Facts, other: Facts, facts: SchemaFacts): boolean {
  return isInvalidFor(one, other, facts) && isInvalidFor(other, one, facts);
}

function isInvalidFor(written: Facts, read: Facts, facts: SchemaFacts): boolean {
  if (written.values && read.values) {
    const texts = new Set(read.values.map(canonical));
    return written.values.every((value) => !texts.has(canonical(value)) || !hasType(read, value));
  }
  if (written.values) return written.values.every((value) => !hasType(read, value));
  const readTypes = read.values ? read.values.map(typeOf) : read.types;
  const shared = written.types.filter((type) => overlaps(readTypes, type));
  return shared.every((type) => type === "object" && objectsDiffer(written, read, facts));
}

function overlaps(types: readonly JsonType[], type: JsonType): boolean {
  return allowsType(types, type) || (type === "number" && types.includes("integer"));
}

/** True if the objects of the one lack a property that the other demands, or give one a value that it cannot have there. */
function objectsDiffer(written: Facts, read: Facts, facts: SchemaFacts): boolean {
  const names = Object.keys(written.properties ?? {});
  // Properties that nobody names are written only if they are allowed by name.
  const isClosed = (written.additionalProperties ?? false) === false && names.length > 0;
  if (isClosed && read.required?.some((name) => !names.includes(name) && !written.required?.includes(name)))
    return true;
  return (written.required ?? []).some((name) => {
    const [mine, theirs] = [written, read].map(({ properties = {} }) =>
      Object.hasOwn(properties, name) ? valuesOf(properties[name]!, facts) : undefined,
    );
    return mine !== undefined && theirs !== undefined && mine.every((value) => !theirs.includes(value));
  });
}

function valuesOf(schema: Schema, facts: SchemaFacts): readonly string[] | undefined {
  return facts.of(schema).values?.map(canonical);
}
