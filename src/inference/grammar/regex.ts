/** Reads regular expressions of JavaScript. */
import { type AST, RegExpParser } from "@eslint-community/regexpp";
import { MicrogridError } from "../../core";
import {
  type CodeRange,
  type Expression,
  MAX_CODE_POINT,
  NOTHING,
  char,
  choice,
  complement,
  intersection,
  repeat,
  sequence,
} from "./expressions";

/** Characters of the escapes `\d`, `\w` and `\s`. */
const SETS: Readonly<Record<"digit" | "word" | "space", readonly CodeRange[]>> = {
  digit: [[0x30, 0x39]],
  word: [
    [0x30, 0x39],
    [0x41, 0x5a],
    [0x5f, 0x5f],
    [0x61, 0x7a],
  ],
  space: [0x9, 0xa, 0xb, 0xc, 0xd, 0x20, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000, 0xfeff]
    .map((code): CodeRange => [code, code])
    .concat([[0x2000, 0x200a]]),
};
const LINE_ENDS: readonly CodeRange[] = [0xa, 0xd, 0x2028, 0x2029].map((code): CodeRange => [code, code]);
const MAX_DEPTH = 200;

/** How characters are written: as they are, or with escapes, as in JSON. */
type Writing = (ranges: readonly CodeRange[]) => Expression;

/**
 * The texts that a regular expression matches, with or without the flag `u`. If it is `whole`, all of a text has to match,
 * otherwise a part. Throws `bad-request` for what is no regular expression, and for parts that look around or back.
 */
export function readRegex(pattern: string, options: { whole: boolean; written?: Writing }): Expression {
  const written = options.written ?? ((ranges) => char(...ranges));
  return new Translation(pattern, written).whole(parsed(pattern), options.whole);
}

function parsed(pattern: string): AST.Pattern {
  const parser = new RegExpParser();
  const parse = (unicode: boolean): AST.Pattern =>
    parser.parsePattern(pattern, 0, pattern.length, { unicode, unicodeSets: false });
  try {
    return parse(true);
  } catch {
    // Without the flag, more patterns are allowed, such as `\-`.
    try {
      return parse(false);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message.replace(/^.*\/: /, "") : String(cause);
      throw new MicrogridError("bad-request", `“${pattern}” is no regular expression: ${why}.`, { cause });
    }
  }
}

class Translation {
  readonly #pattern: string;
  readonly #written: Writing;
  readonly #anything: Expression;
  /** One expression for each set of characters, so that it is stored once. */
  readonly #classes = new Map<string, Expression>();
  #depth = 0;

  constructor(pattern: string, written: Writing) {
    this.#pattern = pattern;
    this.#written = written;
    this.#anything = repeat(this.#char([[0, MAX_CODE_POINT]]), 0, Number.POSITIVE_INFINITY);
  }

  whole({ alternatives }: AST.Pattern, isWhole: boolean): Expression {
    return choice(...alternatives.map(({ elements }) => this.#anchored(elements, isWhole)));
  }

  #anchored(elements: readonly AST.Element[], isWhole: boolean): Expression {
    const isEdge = (element: AST.Element | undefined, kind: "start" | "end"): boolean =>
      element?.type === "Assertion" && element.kind === kind;
    let inner = elements;
    while (isEdge(inner[0], "start")) inner = inner.slice(1);
    const hasStart = isWhole || inner.length < elements.length;
    const { length } = inner;
    while (isEdge(inner.at(-1), "end")) inner = inner.slice(0, -1);
    const hasEnd = isWhole || inner.length < length;
    // A group around everything may have the anchors inside, as in `^(a|b)$` or `(^a|b$)`.
    const [only] = inner;
    const isGroup =
      inner.length === 1 && (only?.type === "CapturingGroup" || (only?.type === "Group" && !only.modifiers));
    if (isGroup && !hasStart && !hasEnd) {
      return choice(...only.alternatives.map((option) => this.#anchored(option.elements, false)));
    }
    return sequence(
      ...(hasStart ? [] : [this.#anything]),
      ...inner.map((element) => this.#element(element)),
      ...(hasEnd ? [] : [this.#anything]),
    );
  }

  #choice(alternatives: readonly AST.Alternative[]): Expression {
    if (this.#depth++ > MAX_DEPTH) throw this.#unsupported("deep nesting");
    const options = alternatives.map(({ elements }) => sequence(...elements.map((element) => this.#element(element))));
    this.#depth--;
    return options.length === 1 ? options[0]! : choice(...options);
  }

  #element(element: AST.Element): Expression {
    switch (element.type) {
      case "Character":
        return this.#char([[element.value, element.value]]);
      case "CharacterClass":
      case "CharacterSet":
        return this.#char(this.#ranges(element));
      case "CapturingGroup":
        return this.#choice(element.alternatives);
      case "Group":
        if (element.modifiers) throw this.#unsupported("“(?i:”");
        return this.#choice(element.alternatives);
      case "Quantifier":
        // Whether it is greedy makes no difference to what matches.
        return repeat(this.#element(element.element), element.min, element.max);
      case "Assertion":
        throw this.#unsupported(`“${element.raw}” at this place`);
      case "Backreference":
        throw this.#unsupported(`a reference back such as “${element.raw}”`);
      case "ExpressionCharacterClass":
        throw this.#unsupported(`“${element.raw}”`);
    }
  }

  #ranges(
    element: AST.CharacterClass | AST.CharacterSet | AST.CharacterClassRange | AST.Character,
  ): readonly CodeRange[] {
    switch (element.type) {
      case "Character":
        return [[element.value, element.value]];
      case "CharacterClassRange":
        return [[element.min.value, element.max.value]];
      case "CharacterClass": {
        const inside = element.elements.flatMap((part) => {
          if (part.type === "Character" || part.type === "CharacterClassRange" || part.type === "CharacterSet") {
            return this.#ranges(part);
          }
          throw this.#unsupported(`“${part.raw}”`);
        });
        return element.negate ? complement(inside) : inside;
      }
      case "CharacterSet": {
        if (element.kind === "any") return complement(LINE_ENDS);
        if (element.kind === "property") throw this.#unsupported(`“${element.raw}”`);
        const inside = SETS[element.kind];
        return element.negate ? complement(inside) : inside;
      }
    }
  }

  #char(ranges: readonly CodeRange[]): Expression {
    const key = JSON.stringify(ranges);
    const known = this.#classes.get(key) ?? (ranges.length === 0 ? NOTHING : this.#written(intersection(ranges, ALL)));
    this.#classes.set(key, known);
    return known;
  }

  #unsupported(what: string): MicrogridError {
    return new MicrogridError("bad-request", `${what} is not supported in the regular expression “${this.#pattern}”.`);
  }
}

const ALL: readonly CodeRange[] = [[0, MAX_CODE_POINT]];
