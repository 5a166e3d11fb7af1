/** The facts that a schema states about a value, once its references are followed and its parts are put together. */
import { canonical } from "./canonical";
import {
  ALL_TYPES,
  type JsonType,
  type Keywords,
  type Schema,
  allowsType,
  keywordsOf,
  notSupported,
  typeOf,
} from "./keywords";

/** Schemas of which one has to match; of those of `oneOf`, exactly one. */
export interface Options {
  readonly kind: "anyOf" | "oneOf";
  readonly schemas: readonly Schema[];
}

/** Keywords that can hold for the same value at once. */
type Simple = Omit<Keywords, "$ref" | "type" | "enum" | "const" | "anyOf" | "oneOf" | "allOf">;

/** All that holds for a value. */
export interface Facts extends Simple {
  readonly types: readonly JsonType[];
  /** The only values; absent if there is no such list. */
  readonly values?: readonly unknown[];
  readonly options: readonly Options[];
}

const ANYTHING: Facts = { types: ALL_TYPES, options: [] };
const NO_VALUE: Facts = { types: [], options: [] };

/** Finds a schema by its reference. */
type Resolve = (reference: string) => Schema;

/** Puts schemas together, and remembers what it made of them: a schema that contains itself comes to an end so. */
export class SchemaFacts {
  readonly #resolve: Resolve;
  readonly #known = new Map<Schema, Facts>();
  readonly #open = new Set<Schema>();
  /** One schema for all places where the same ones have to match. */
  readonly #both = new Map<Schema, Map<Schema, Schema>>();

  constructor(resolve: Resolve) {
    this.#resolve = resolve;
  }

  /** Throws `bad-request` for what cannot be honoured. */
  of(schema: Schema): Facts {
    if (schema === true) return ANYTHING;
    if (schema === false) return NO_VALUE;
    const known = this.#known.get(schema);
    if (known) return known;
    if (this.#open.has(schema)) throw notSupported("A schema that is the same as itself and nothing else");
    this.#open.add(schema);
    const facts = this.#read(keywordsOf(schema));
    this.#open.delete(schema);
    this.#known.set(schema, facts);
    return facts;
  }

  /** A schema that says what both say. */
  both(one: Schema, other: Schema): Schema {
    if (one === true || one === other) return other;
    if (other === true) return one;
    if (one === false || other === false) return false;
    const found = this.#both.get(one)?.get(other);
    if (found !== undefined) return found;
    const schema = { allOf: [one, other] };
    this.#both.set(one, (this.#both.get(one) ?? new Map<Schema, Schema>()).set(other, schema));
    return schema;
  }

  /** The facts that both state about the same value. */
  joined(one: Facts, other: Facts): Facts {
    const { types, values, options, ...simple } = one;
    if (one.types.length === 0 || other.types.length === 0) return NO_VALUE;
    const joined: Record<string, unknown> = { ...simple };
    for (const [name, value] of Object.entries(other)) {
      if (name === "types" || name === "values" || name === "options" || value === undefined) continue;
      const before = joined[name];
      joined[name] = before === undefined ? value : this.#joinedKeyword(name as keyof Simple, before, value);
    }
    const listed = values && other.values ? common(values, other.values) : (values ?? other.values);
    return {
      ...joined,
      ...this.#members(one, other),
      types: commonTypes(types, other.types),
      ...(listed && { values: listed }),
      options: [...options, ...other.options],
    };
  }

  #read(keywords: Keywords): Facts {
    const { $ref, type, allOf = [], anyOf, oneOf, enum: listed, const: only, ...simple } = keywords;
    const lists: (readonly unknown[])[] = [
      ...(listed ? [listed] : []),
      ...(Object.hasOwn(keywords, "const") ? [[only]] : []),
    ];
    const own: Facts = {
      ...simple,
      types: type === undefined ? ALL_TYPES : [type].flat(),
      ...(lists.length > 0 && { values: lists.reduce(common) }),
      options: [
        ...(anyOf ? [{ kind: "anyOf" as const, schemas: anyOf }] : []),
        ...(oneOf ? [{ kind: "oneOf" as const, schemas: oneOf }] : []),
      ],
    };
    const parts = [...($ref === undefined ? [] : [this.#resolve($ref)]), ...allOf];
    return parts.reduce((facts, part) => this.joined(facts, this.of(part)), own);
  }

  #joinedKeyword(name: keyof Simple, one: unknown, other: unknown): unknown {
    if (name.startsWith("min") || name === "exclusiveMinimum") return Math.max(one as number, other as number);
    if (name.startsWith("max") || name === "exclusiveMaximum") return Math.min(one as number, other as number);
    if (name === "required") return [...new Set([...(one as string[]), ...(other as string[])])];
    if (name === "uniqueItems") return one === true || other === true;
    if (MEMBERS.has(name) || canonical(one) === canonical(other)) return one;
    throw notSupported(`More than one “${name}” for the same value`);
  }

  /** Properties and items that have to fit both, where one schema may speak of those that the other only calls additional. */
  #members(one: Facts, other: Facts): Partial<Simple> {
    const names = new Set([...Object.keys(one.properties ?? {}), ...Object.keys(other.properties ?? {})]);
    const property = ({ properties = {}, additionalProperties = true }: Facts, name: string): Schema =>
      Object.hasOwn(properties, name) ? properties[name]! : additionalProperties;
    const item = ({ prefixItems = [], items = true }: Facts, at: number): Schema => prefixItems[at] ?? items;
    const length = Math.max(one.prefixItems?.length ?? 0, other.prefixItems?.length ?? 0);
    const rest = (keyword: "additionalProperties" | "items"): Partial<Simple> => {
      const [a, b] = [one[keyword], other[keyword]];
      return a === undefined && b === undefined ? {} : { [keyword]: this.both(a ?? true, b ?? true) };
    };
    return {
      ...(names.size > 0 && {
        properties: Object.fromEntries(
          [...names].map((name) => [name, this.both(property(one, name), property(other, name))]),
        ),
      }),
      ...(length > 0 && {
        prefixItems: Array.from({ length }, (_, at) => this.both(item(one, at), item(other, at))),
      }),
      ...rest("additionalProperties"),
      ...rest("items"),
    };
  }
}

const MEMBERS: ReadonlySet<string> = new Set(["properties", "additionalProperties", "prefixItems", "items"]);

function commonTypes(one: readonly JsonType[], other: readonly JsonType[]): JsonType[] {
  const both = [...one.filter((type) => allowsType(other, type)), ...other.filter((type) => allowsType(one, type))];
  return [...new Set(both)];
}

function common(one: readonly unknown[], other: readonly unknown[]): readonly unknown[] {
  const texts = new Set(other.map(canonical));
  return one.filter((value) => texts.has(canonical(value)));
}

/** True if the value has one of the types that are left. */
export function hasType({ types }: Facts, value: unknown): boolean {
  return allowsType(types, typeOf(value));
}
