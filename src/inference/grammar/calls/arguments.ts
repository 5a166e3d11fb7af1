/** Arguments of a tool, in the notations of calls. All of them are valid for the tool's schema, as far as that can be honoured. */
import { MicrogridError } from "../../../core";
import {
  type JsonObject,
  type Tool,
  argumentSchemas,
  followed,
  isText,
  jsonObject,
  asObject,
  textsOf,
} from "../../tools";
import { type Expression, type Grammar, char, choice, exactly, optional, repeat, rule, sequence } from "../expressions";
import { JSON_OBJECT, readJsonSchema } from "../json/schema";
import { JSON_RULES } from "../json/text";
import { oneOfTexts, textWithout } from "./free-text";

const MANY = Number.POSITIVE_INFINITY;
/** Names of arguments in notations without quotes. */
const WORD = sequence(char("az", "AZ", "_"), repeat(char("az", "AZ", "09", "_"), 0, 40));
const IDENTIFIER = /^[A-Za-z_]\w*$/;
/** Objects and lists inside one another whose schemas are looked at. */
const MAX_DEPTH = 6;
const PYTHON: ReadonlyMap<string, string> = new Map([
  ["true", "True"],
  ["false", "False"],
  ["null", "None"],
]);

/** The arguments of one tool. */
export class Arguments {
  readonly #tool: Tool;
  readonly #rules: Map<string, Expression>;
  readonly #schema: JsonObject | undefined;
  readonly #properties: ReadonlyMap<string, JsonObject>;
  #count = 0;

  /** Adds the rules that it needs to `rules`. */
  constructor(tool: Tool, rules: Map<string, Expression>) {
    this.#tool = tool;
    this.#rules = rules;
    this.#schema = tool.parameters === undefined ? undefined : jsonObject(tool.parameters);
    this.#properties = argumentSchemas(this.#schema);
  }

  /** An object of JSON, with spaces as models have read them in training. Throws `bad-request` for a strict schema that cannot be honoured. */
  json(): Expression {
    if (this.#schema === undefined) return exactly("{}");
    // Most tools without parameters say so by an empty list of properties.
    const closed = this.#properties.size === 0 && this.#schema.properties !== undefined ? CLOSED : {};
    return this.#read({ ...closed, ...this.#schema, type: "object" }, JSON_OBJECT, "json");
  }

  /** Arguments with names, as in a call of Python. */
  python(): Expression {
    return fields(this.#properties, this.#schema, {
      key: IDENTIFIER,
      separator: ", ",
      pair: (key, schema) => sequence(`${key}=`, this.#read(schema, ANY, "python")),
    });
  }

  /** Elements with names, each with its value on lines of its own. */
  xml(): Expression {
    const text = textWithout(this.#rules, "</parameter>");
    const value = (schema: JsonObject): Expression => {
      if (!isText(schema)) return this.#read(schema, ANY, "json");
      const texts = textsOf(schema);
      return texts ? oneOfTexts(texts) : text;
    };
    return fields(this.#properties, this.#schema, {
      key: /^[^\n>]+$/,
      separator: "",
      pair: (key, schema) => sequence(`<parameter=${key}>\n`, value(schema), "\n</parameter>\n"),
    });
  }

  /** Fields in Gemma's notation, in which marks take the place of quotes. */
  gemma(quote: string): Expression {
    const rules = this.#rules;
    const quoted = sequence(quote, textWithout(rules, quote), quote);
    const list = (item: Expression): Expression => optional(sequence(item, repeat(sequence(",", item), 0, MANY)));
    rules.set("gemma object", sequence("{", list(sequence(WORD, ":", rule("gemma value"))), "}"));
    rules.set("gemma array", sequence("[", list(rule("gemma value")), "]"));
    rules.set("gemma number", JSON_RULES.get("number")!);
    const simple = ["true", "false", "null", rule("gemma number")];
    rules.set("gemma value", choice(quoted, ...simple, rule("gemma object"), rule("gemma array")));

    const value = (reference: JsonObject, depth: number): Expression => {
      const schema = followed(reference, this.#schema);
      const texts = textsOf(schema);
      if (texts) return sequence(quote, oneOfTexts(texts), quote);
      if (schema.type === "string") return quoted;
      if (schema.type === "object") {
        const properties = argumentSchemas(schema, this.#schema);
        return properties.size === 0 || depth > MAX_DEPTH
          ? rule("gemma object")
          : sequence("{", object(properties, schema, depth + 1), "}");
      }
      if (schema.type === "array") {
        const items = asObject(schema.items);
        const { minItems: least, maxItems: most } = schema;
        const item = items === undefined || depth > MAX_DEPTH ? rule("gemma value") : value(items, depth + 1);
        return sequence(
          "[",
          many(item, typeof least === "number" ? least : 0, typeof most === "number" ? most : MANY),
          "]",
        );
      }
      return schema.type === undefined ? rule("gemma value") : this.#read(schema, ANY, "json");
    };
    const object = (
      properties: ReadonlyMap<string, JsonObject>,
      schema: JsonObject | undefined,
      depth: number,
    ): Expression =>
      fields(properties, schema, {
        key: IDENTIFIER,
        separator: ",",
        pair: (key, property) => sequence(`${key}:`, value(property, depth)),
      });
    return object(this.#properties, this.#schema, 0);
  }

  /** A schema inside that of the tool, to whose definitions it may refer; `any` where it cannot be honoured. */
  #read(schema: JsonObject, any: Grammar, notation: "json" | "python"): Expression {
    const { $defs, definitions } = this.#schema ?? {};
    let grammar = any;
    try {
      grammar = readJsonSchema(
        JSON.stringify({
          ...($defs !== undefined && { $defs }),
          ...(definitions !== undefined && { definitions }),
          ...schema,
        }),
      );
    } catch (error) {
      if (this.#tool.strict === true) throw error;
      if (!(error instanceof MicrogridError)) throw error;
    }
    const prefix = `${this.#tool.name} ${this.#count++} `;
    const named = (name: string): string => (JSON_RULES.has(name) ? `${notation} ${name}` : prefix + name);
    for (const [name, expression] of grammar.rules) this.#rules.set(named(name), written(expression, named, notation));
    return written(grammar.root, named, notation);
  }
}

const CLOSED = { additionalProperties: false };
const ANY: Grammar = { root: rule("value"), rules: JSON_RULES };

/** An expression with other names of rules, in JSON with spaces or in Python. */
function written(expression: Expression, named: (name: string) => string, notation: "json" | "python"): Expression {
  const inside = (part: Expression): Expression => written(part, named, notation);
  switch (expression.type) {
    case "rule":
      return rule(named(expression.name));
    case "sequence":
      return { ...expression, parts: expression.parts.map(inside) };
    case "choice":
      return { ...expression, options: expression.options.map(inside) };
    case "repeat":
      return { ...expression, part: inside(expression.part) };
    case "char":
      return expression;
    case "text": {
      const { text } = expression;
      if (text === ":" || text === ",") return exactly(`${text} `);
      return notation === "python" ? exactly(PYTHON.get(text) ?? text) : expression;
    }
  }
}

/** Items with commas between. */
function many(item: Expression, least: number, most: number): Expression {
  if (most === 0) return exactly("");
  const some = sequence(item, repeat(sequence(",", item), Math.max(0, least - 1), most - 1));
  return least === 0 ? optional(some) : some;
}

/** Named values in the order of the schema. Those whose names the notation cannot express are left out. */
function fields(
  properties: ReadonlyMap<string, JsonObject>,
  schema: JsonObject | undefined,
  notation: { key: RegExp; separator: string; pair: (key: string, schema: JsonObject) => Expression },
): Expression {
  const required: readonly unknown[] = Array.isArray(schema?.required) ? schema.required : [];
  // From the last to the first: what follows a field, and what follows if there was none yet.
  let behind: Expression = exactly("");
  let first: Expression[] = [exactly("")];
  for (const [key, property] of [...properties].toReversed()) {
    if (!notation.key.test(key)) continue;
    const field = notation.pair(key, property);
    const begun = sequence(field, behind);
    const isRequired = required.includes(key);
    first = isRequired ? [begun] : [begun, ...first];
    const next = sequence(notation.separator, field);
    behind = sequence(isRequired ? next : optional(next), behind);
  }
  return choice(...first);
}
