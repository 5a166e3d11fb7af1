/** Objects, as they are written: properties in their order, then additional ones. */
import { type Expression, NOTHING, choice, optional, repeat, sequence, exactly } from "../expressions";
import type { Facts } from "./facts";
import { type Schema, notSupported } from "./keywords";
import { listOf, stringExcept } from "./text";

const MANY = Number.POSITIVE_INFINITY;

interface Property {
  readonly pair: Expression;
  readonly isRequired: boolean;
}

/** Objects that fit; `valueOf` gives the expression of a schema. */
export function objectOf(facts: Facts, valueOf: (schema: Schema) => Expression): Expression {
  const { additionalProperties, minProperties = 0, maxProperties = MANY } = facts;
  const required = [...new Set(facts.required)];
  const schemas = new Map(Object.entries(facts.properties ?? {}));
  for (const name of required) if (!schemas.has(name)) schemas.set(name, additionalProperties ?? true);
  const names = [...schemas.keys()];
  if (minProperties > maxProperties || required.length > maxProperties) return NOTHING;
  const all: Property[] = [];
  for (const [name, schema] of schemas) {
    const value = valueOf(schema);
    const isRequired = required.includes(name);
    if (value !== NOTHING) all.push({ pair: sequence(exactly(JSON.stringify(name)), ":", value), isRequired });
    else if (isRequired) return NOTHING;
  }
  // Some that may be left out are left out always, so that there is never one too many.
  let spare = maxProperties - required.length;
  const properties = all.filter(({ isRequired }) => isRequired || spare-- > 0);
  const extra = additionalProperties ?? names.length === 0;
  const value = extra === false ? NOTHING : valueOf(extra);
  const most = value === NOTHING ? 0 : maxProperties - properties.length;
  const additional = most > 0 ? sequence(stringExcept(names), ":", value) : undefined;
  const isEnough = required.length >= minProperties;
  if (properties.length === 0) {
    // Names may come twice and count once then, so only the first is sure.
    if (minProperties > 1) throw notSupported("“minProperties” above 1 for properties without names");
    if (!additional) return minProperties > 0 ? NOTHING : exactly("{}");
    return sequence("{", listOf(additional, minProperties, most), "}");
  }
  if (isEnough || minProperties === 1) return written(properties, { additional, most, canBeEmpty: isEnough });
  if (minProperties === properties.length || (properties.length < minProperties && !additional)) {
    if (properties.length < minProperties) return NOTHING;
    const whole = properties.map((property) => ({ ...property, isRequired: true }));
    return written(whole, { additional, most, canBeEmpty: false });
  }
  throw notSupported("“minProperties” beside properties that may be left out");
}

function written(
  properties: readonly Property[],
  more: { readonly additional: Expression | undefined; readonly most: number; readonly canBeEmpty: boolean },
): Expression {
  const { additional, most, canBeEmpty } = more;
  // From the last to the first: what follows a property, and what follows if there was none yet.
  let behind: Expression = additional ? repeat(sequence(",", additional), 0, most) : exactly("");
  let first: Expression[] = [
    ...(additional ? [listOf(additional, 1, most)] : []),
    ...(canBeEmpty ? [exactly("")] : []),
  ];
  for (const { pair, isRequired } of properties.toReversed()) {
    const begun = sequence(pair, behind);
    first = isRequired ? [begun] : [begun, ...first];
    const next = sequence(",", pair);
    behind = sequence(isRequired ? next : optional(next), behind);
  }
  return sequence("{", choice(...first), "}");
}
