/** How JSON is written: strings, numbers, and any value at all. Without spaces between the parts. */
import {
  type CodeRange,
  type Expression,
  char,
  choice,
  complement,
  intersection,
  optional,
  repeat,
  rule,
  sequence,
  exactly,
} from "../expressions";

const MANY = Number.POSITIVE_INFINITY;
const CONTROL: CodeRange = [0, 0x1f];
const QUOTE: CodeRange = [0x22, 0x22];
const BACKSLASH: CodeRange = [0x5c, 0x5c];
const PLAIN = complement([CONTROL, QUOTE, BACKSLASH]);
const ESCAPED = [CONTROL, QUOTE, BACKSLASH];
const HEX = char("09", "af", "AF");

/** One character of a string: as it is or escaped, without halves of characters. */
const STRING_CHAR = choice(
  char(...PLAIN),
  sequence(
    "\\",
    choice(
      char('"', "\\", "/", "b", "f", "n", "r", "t"),
      // Characters beyond four digits would take two escapes, and can be written as they are.
      sequence(
        "u",
        choice(sequence(char("09", "ac", "ef", "AC", "EF"), HEX), sequence(char("d", "D"), char("07"))),
        HEX,
        HEX,
      ),
    ),
  ),
);

/** A string of `min` to `max` characters. */
export function stringOf(min: number, max: number): Expression {
  return min === 0 && max === MANY ? rule("string") : sequence('"', repeat(STRING_CHAR, min, max), '"');
}

/** One character of a set, in the only way that `JSON.stringify` writes it. */
export function stringChar(ranges: readonly CodeRange[]): Expression {
  const escapes: Expression[] = [];
  for (const [first, last] of intersection(ranges, ESCAPED)) {
    for (let code = first; code <= last; code++) {
      escapes.push(exactly(JSON.stringify(String.fromCharCode(code)).slice(1, -1)));
    }
  }
  const plain = intersection(ranges, PLAIN);
  if (escapes.length === 0) return char(...plain);
  return plain.length === 0 ? choice(...escapes) : choice(char(...plain), ...escapes);
}

const DIGIT = char("09");
/** Digits that a double holds exactly. */
export const EXACT_DIGITS = 15;
/** Whole numbers that a double holds exactly; minus zero is not among them. */
export const INTEGER = choice("0", sequence(optional("-"), char("19"), repeat(DIGIT, 0, EXACT_DIGITS - 1)));
/** A number that no reader takes for infinity. */
export const NUMBER = sequence(
  optional("-"),
  choice("0", sequence(char("19"), repeat(DIGIT, 0, EXACT_DIGITS - 1))),
  optional(sequence(".", repeat(DIGIT, 1, EXACT_DIGITS))),
  optional(sequence(char("e", "E"), optional(char("+", "-")), repeat(DIGIT, 1, 2))),
);

/** Values, one after another with commas between: `min` to `max` of them. */
export function listOf(item: Expression, min: number, max: number): Expression {
  if (max === 0) return exactly("");
  const some = sequence(item, repeat(sequence(",", item), Math.max(0, min - 1), max - 1));
  return min === 0 ? optional(some) : some;
}

/** The rules that the other expressions name. */
export const JSON_RULES: ReadonlyMap<string, Expression> = new Map([
  ["string", sequence('"', repeat(STRING_CHAR, 0, MANY), '"')],
  ["number", NUMBER],
  ["value", choice("null", "true", "false", rule("number"), rule("string"), rule("array"), rule("object"))],
  ["array", sequence("[", listOf(rule("value"), 0, MANY), "]")],
  ["object", sequence("{", listOf(sequence(rule("string"), ":", rule("value")), 0, MANY), "}")],
]);

/** A string that is none of these. */
export function stringExcept(names: readonly string[]): Expression {
  if (names.length === 0) return rule("string");
  const any = repeat(stringChar([[0, 0x10ffff]]), 0, MANY);
  const rest = (from: readonly (readonly string[])[]): Expression => {
    // The characters that come next in the names, and what follows each.
    const branches = new Map<string, string[][]>();
    for (const [next, ...others] of from) {
      if (next !== undefined) branches.set(next, [...(branches.get(next) ?? []), others]);
    }
    const elsewhere = complement(
      [...branches.keys()].map((next): CodeRange => [next.codePointAt(0)!, next.codePointAt(0)!]),
    );
    return choice(
      ...(from.some(({ length }) => length === 0) ? [] : [""]),
      sequence(stringChar(elsewhere), any),
      ...[...branches].map(([next, others]) => sequence(exactly(JSON.stringify(next).slice(1, -1)), rest(others))),
    );
  };
  return sequence('"', rest(names.map((name) => Array.from(name))), '"');
}
