/** Makes one vector of the hidden states of a text's tokens. */

const MODES = {
  cls: (hidden, { width }) => hidden.slice(0, width),
  max: (hidden, { tokens, width }) =>
    byColumn(hidden, tokens, width, (column) => column.reduce((largest, value) => Math.max(largest, value))),
  mean: (hidden, { tokens, width }) => byColumn(hidden, tokens, width, (column) => sum(column) / tokens),
  "mean-sqrt": (hidden, { tokens, width }) =>
    byColumn(hidden, tokens, width, (column) => sum(column) / Math.sqrt(tokens)),
  last: (hidden, { tokens, width }) => hidden.slice((tokens - 1) * width, tokens * width),
} satisfies Record<string, (hidden: Float32Array, shape: TextShape) => Float32Array>;

/** The size of a text's hidden states: one row of `width` numbers for each token. */
interface TextShape {
  readonly tokens: number;
  readonly width: number;
}

/**
 * Which of the tokens make the vector: the first one, the last one, the largest number of each column, or the mean; `mean-sqrt`
 * divides by the root of the number of tokens.
 */
export type Pooling = keyof typeof MODES;

/** The vector of a text. `hidden` begins with the text's tokens; what follows them is padding. Several modes are put in a row. */
export function pool(modes: readonly Pooling[], hidden: Float32Array, shape: TextShape): Float32Array {
  const parts = modes.map((mode) => MODES[mode](hidden, shape));
  const vector = new Float32Array(parts.length * shape.width);
  for (const [index, part] of parts.entries()) vector.set(part, index * shape.width);
  return vector;
}

function byColumn(
  hidden: Float32Array,
  tokens: number,
  width: number,
  reduce: (column: Float64Array) => number,
): Float32Array {
  const column = new Float64Array(tokens);
  return Float32Array.from({ length: width }, (_, at) => {
    for (let token = 0; token < tokens; token++) column[token] = hidden[token * width + at]!;
    return reduce(column);
  });
}

function sum(column: Float64Array): number {
  return column.reduce((total, value) => total + value, 0);
}
