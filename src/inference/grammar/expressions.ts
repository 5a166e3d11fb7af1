/** The parts of a format: expressions over text, and rules that name them. */

/** Code points from the first to the last, both included. */
export type CodeRange = readonly [first: number, last: number];

/** A set of texts. */
export type Expression =
  | { readonly type: "text"; readonly text: string }
  /** One character. Without ranges, nothing matches. */
  | { readonly type: "char"; readonly ranges: readonly CodeRange[] }
  | { readonly type: "sequence"; readonly parts: readonly Expression[] }
  /** Without options, nothing matches. */
  | { readonly type: "choice"; readonly options: readonly Expression[] }
  /** `max` may be infinite. */
  | { readonly type: "repeat"; readonly part: Expression; readonly min: number; readonly max: number }
  | { readonly type: "rule"; readonly name: string };

/** The rules of a grammar. */
export interface Grammar {
  readonly root: Expression;
  readonly rules: ReadonlyMap<string, Expression>;
}

export const MAX_CODE_POINT = 0x10ffff;
const SURROGATES: CodeRange = [0xd800, 0xdfff];

/** Exactly this text. */
export const exactly = (exact: string): Expression => ({ type: "text", text: exact });

/** These expressions, one after another. Strings are texts. */
export const sequence = (...parts: readonly (Expression | string)[]): Expression => ({
  type: "sequence",
  parts: parts.map(expression),
});

/** One of these expressions. Strings are texts. */
export const choice = (...options: readonly (Expression | string)[]): Expression => ({
  type: "choice",
  options: options.map(expression),
});

/** The expression `min` to `max` times. */
export const repeat = (part: Expression | string, min: number, max: number): Expression => ({
  type: "repeat",
  part: expression(part),
  min,
  max,
});

/** The expression or nothing. */
export const optional = (part: Expression | string): Expression => repeat(part, 0, 1);

/** The expression of the rule of this name. */
export const rule = (name: string): Expression => ({ type: "rule", name });

/** One character of these ranges. Strings name a first and a last character, or one alone. */
export const char = (...ranges: readonly (CodeRange | string)[]): Expression => ({
  type: "char",
  ranges: normalRanges(ranges.map((range) => (typeof range === "string" ? rangeOf(range) : range))),
});

/** Matches no text at all. */
export const NOTHING: Expression = { type: "choice", options: [] };

/** Ranges in order, joined where they touch, without surrogates, which are no characters. */
function normalRanges(ranges: readonly CodeRange[]): readonly CodeRange[] {
  const sorted = ranges.filter(([first, last]) => first <= last).sort(([a], [b]) => a - b);
  const joined: [number, number][] = [];
  for (const [first, last] of sorted) {
    const previous = joined.at(-1);
    if (previous && first <= previous[1] + 1) previous[1] = Math.max(previous[1], last);
    else joined.push([first, last]);
  }
  return joined.flatMap((range) => without(range, SURROGATES));
}

/** All characters but those of the ranges. */
export function complement(ranges: readonly CodeRange[]): readonly CodeRange[] {
  let rest: readonly CodeRange[] = normalRanges([[0, MAX_CODE_POINT]]);
  for (const range of ranges) rest = rest.flatMap((part) => without(part, range));
  return rest;
}

/** The characters that are in both sets. */
export function intersection(one: readonly CodeRange[], other: readonly CodeRange[]): readonly CodeRange[] {
  return complement([...complement(one), ...complement(other)]);
}

function without([first, last]: CodeRange, [from, to]: CodeRange): CodeRange[] {
  if (to < first || from > last) return [[first, last]];
  const parts: CodeRange[] = [
    [first, from - 1],
    [to + 1, last],
  ];
  return parts.filter(([start, end]) => start <= end);
}

function rangeOf(ends: string): CodeRange {
  const first = ends.codePointAt(0)!;
  return [first, Array.from(ends).at(-1)!.codePointAt(0)!];
}

function expression(part: Expression | string): Expression {
  return typeof part === "string" ? exactly(part) : part;
}
