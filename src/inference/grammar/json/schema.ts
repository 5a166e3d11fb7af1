/** Turns a JSON Schema into a grammar. All that the grammar allows is valid, though not all that is valid is allowed. */
import { MicrogridError } from "../../../core";
import { type Expression, type Grammar, NOTHING, choice, rule, sequence, exactly } from "../expressions";
import { readRegex } from "../regex";
import { areApart } from "./alternatives";
import { type Facts, type Options, SchemaFacts, hasType } from "./facts";
import { STRING_FORMATS } from "./formats";
import { ALL_TYPES, type JsonType, KEYWORDS_OF_TYPE, type Schema, isSchema, notSupported, typeOf } from "./keywords";
import { numberWithin } from "./numbers";
import { objectOf } from "./objects";
import { JSON_RULES, listOf, stringChar, stringOf } from "./text";

/** Most options that are put together with what stands beside them. */
const MAX_COMBINATIONS = 1_000;
/** Deepest nesting of schemas. */
const MAX_DEPTH = 200;
const MANY = Number.POSITIVE_INFINITY;

/**
 * The grammar of JSON texts without spaces that fit the schema: properties in the order of the schema, and no others unless
 * it says which. Throws `bad-request` for what is no schema, and for keywords that cannot be honoured, by their names.
 */
export function readJsonSchema(source: string): Grammar {
  let schema: unknown;
  try {
    schema = JSON.parse(source);
  } catch (cause) {
    throw new MicrogridError("bad-request", "The schema of the answer is no JSON.", { cause });
  }
  if (!isSchema(schema)) throw new MicrogridError("bad-request", "The schema of the answer has to be an object.");
  const root = schema;
  const rules = new Map(JSON_RULES);
  const translation = new Translation(new SchemaFacts((reference) => resolved(root, reference)), rules);
  return { root: translation.of(schema), rules };
}

/** The grammar of any JSON object. */
export const JSON_OBJECT: Grammar = { root: rule("object"), rules: JSON_RULES };

class Translation {
  readonly #facts: SchemaFacts;
  readonly #rules: Map<string, Expression>;
  readonly #named = new Map<Schema, string>();
  #combinations = 0;
  #depth = 0;

  constructor(facts: SchemaFacts, rules: Map<string, Expression>) {
    this.#facts = facts;
    this.#rules = rules;
  }

  /** The rule of a schema; `NOTHING` if no value fits. A schema that contains itself has its rule inside its rule. */
  of(schema: Schema): Expression {
    if (schema === false) return NOTHING;
    if (schema === true) return rule("value");
    const known = this.#named.get(schema);
    if (known !== undefined) return this.#rules.get(known) === NOTHING ? NOTHING : rule(known);
    const name = `schema ${this.#named.size + 1}`;
    this.#named.set(schema, name);
    if (this.#depth++ >= MAX_DEPTH) throw notSupported("A schema that is nested so deep");
    const expression = this.#value(this.#facts.of(schema));
    this.#depth--;
    this.#rules.set(name, expression);
    return expression === NOTHING ? NOTHING : rule(name);
  }

  #value(facts: Facts): Expression {
    const [first, ...rest] = facts.options;
    if (first) return this.#oneOf(first, { ...facts, options: rest });
    if (facts.values) return this.#listed(facts, facts.values);
    return oneOf(wantedTypes(facts).map((type) => this.#ofType(type, facts)));
  }

  #oneOf({ kind, schemas }: Options, rest: Facts): Expression {
    const options = schemas.map((schema) => this.#facts.joined(rest, this.#facts.of(schema)));
    if (kind === "oneOf") {
      for (const [at, one] of options.entries()) {
        if (options.slice(at + 1).every((other) => areApart(one, other, this.#facts))) continue;
        throw notSupported(
          "“oneOf” with options that the same value may fit (use “anyOf”, or a property with a constant)",
        );
      }
    }
    // Options that stand alone have rules of their own, so that they can contain what contains them.
    if (saysNothing(rest)) return oneOf(schemas.map((schema) => this.of(schema)));
    this.#combinations += options.length;
    if (this.#combinations > MAX_COMBINATIONS) {
      throw notSupported("A schema with too many combinations of “anyOf” and “oneOf”");
    }
    return oneOf(options.map((option) => this.#value(option)));
  }

  #listed(facts: Facts, values: readonly unknown[]): Expression {
    const fitting = values.filter((value) => hasType(facts, value));
    for (const value of fitting) {
      const beside = keywordsOfType(facts, typeOf(value))[0];
      if (beside !== undefined) throw notSupported(`“${beside}” beside “enum” or “const”`);
    }
    return oneOf(fitting.map((value) => exactly(JSON.stringify(value))));
  }

  #ofType(type: JsonType, facts: Facts): Expression {
    switch (type) {
      case "null":
        return exactly("null");
      case "boolean":
        return choice("true", "false");
      case "string":
        return stringWith(facts);
      case "integer":
      case "number": {
        const isWhole = facts.multipleOf === 1;
        if (facts.multipleOf !== undefined && !isWhole) throw notSupported("“multipleOf” (except 1)");
        return numberWithin(facts, isWhole || type === "integer");
      }
      case "array":
        return this.#array(facts);
      case "object":
        return objectOf(facts, (schema) => this.of(schema));
    }
  }

  #array({ prefixItems = [], items = true, minItems = 0, maxItems = MANY, uniqueItems = false }: Facts): Expression {
    if (uniqueItems && maxItems > 1) throw notSupported("“uniqueItems”");
    if (minItems > maxItems) return NOTHING;
    const first: Expression[] = [];
    for (const schema of prefixItems.slice(0, maxItems)) {
      const item = this.of(schema);
      // No list is long enough to have an element that nothing fits.
      if (item === NOTHING) return first.length < minItems ? NOTHING : inBrackets(first);
      first.push(first.length === 0 ? item : sequence(",", item));
    }
    const most = maxItems - first.length;
    const least = Math.max(0, minItems - first.length);
    const item = most === 0 ? NOTHING : this.of(items);
    if (item === NOTHING) return least > 0 ? NOTHING : inBrackets(first);
    if (first.length === 0) return inBrackets([listOf(item, least, most)]);
    return inBrackets([...first, { type: "repeat", part: sequence(",", item), min: least, max: most }]);
  }
}

function stringWith({ minLength = 0, maxLength = MANY, pattern, format }: Facts): Expression {
  if (minLength > maxLength) return NOTHING;
  if (pattern === undefined && format === undefined) return stringOf(minLength, maxLength);
  const isBounded = minLength > 0 || maxLength !== MANY;
  if (isBounded)
    throw notSupported(`“minLength” or “maxLength” beside “${pattern === undefined ? "format" : "pattern"}”`);
  if (pattern !== undefined && format !== undefined) throw notSupported("“format” beside “pattern”");
  const known = format === undefined ? undefined : STRING_FORMATS.get(format);
  if (format !== undefined && known === undefined) throw notSupported(`The format “${format}”`);
  const inside =
    known === undefined
      ? readRegex(pattern!, { whole: false, written: stringChar })
      : readRegex(known, { whole: true, written: stringChar });
  return sequence('"', inside, '"');
}

/** The types that are written: those that the schema speaks of, if it allows all. */
function wantedTypes(facts: Facts): readonly JsonType[] {
  const spoken = facts.types.filter((type) => keywordsOfType(facts, type).length > 0);
  return facts.types.length < ALL_TYPES.length || spoken.length === 0 ? facts.types : spoken;
}

/** The keywords of a schema that say something about a type. */
function keywordsOfType(facts: Facts, type: JsonType): readonly string[] {
  const keywords: Partial<Record<JsonType, readonly (keyof Facts)[]>> = KEYWORDS_OF_TYPE;
  return (keywords[type === "integer" ? "number" : type] ?? []).filter((keyword) => facts[keyword] !== undefined);
}

/** True if any value fits. */
function saysNothing(facts: Facts): boolean {
  return (
    facts.types === ALL_TYPES &&
    Object.keys(facts).every((name) => name === "types" || (name === "options" && facts.options.length === 0))
  );
}

function inBrackets(parts: readonly Expression[]): Expression {
  return sequence("[", ...parts, "]");
}

function oneOf(options: readonly Expression[]): Expression {
  const possible = options.filter((option) => option !== NOTHING);
  if (possible.length <= 1) return possible[0] ?? NOTHING;
  return choice(...possible);
}

/** The schema that a reference inside the document points to. */
function resolved(root: Schema, reference: string): Schema {
  let place: unknown = root;
  const isPointer = reference === "#" || reference.startsWith("#/");
  if (!isPointer) throw notSupported(`The reference “${reference}” (only those that begin with “#/” are)`);
  for (const part of reference.split("/").slice(1)) {
    const key = decoded(part).replaceAll("~1", "/").replaceAll("~0", "~");
    place =
      typeof place === "object" && place !== null && Object.hasOwn(place, key)
        ? (place as Record<string, unknown>)[key]
        : undefined;
    const hasOwnAddress = typeof place === "object" && place !== null && "$id" in place;
    if (hasOwnAddress) throw notSupported("“$id” inside a schema");
  }
  if (isSchema(place)) return place;
  throw new MicrogridError("bad-request", `The schema has nothing at “${reference}”.`);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
