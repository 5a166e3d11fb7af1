/** Weights of tokens: 1 for the likeliest, and for each other one its probability in relation to that. */

/** Tokens less likely than the likeliest by more than e to this (1e-15) are never drawn: a double could not tell. */
export const MIN_EXPONENT = -35;

/** A token and its weight. */
export interface Weighed {
  readonly id: number;
  readonly weight: number;
}

/** The weight of a score where `best` is the largest one; 0 if it is too small to matter. */
export function weightOf(score: number, best: number, temperature: number): number {
  const exponent = (score - best) / temperature;
  // Most of a large vocabulary is this unlikely, and computing an exponential takes longer than leaving it out.
  return exponent > MIN_EXPONENT ? Math.exp(exponent) : 0;
}

/**
 * The token at which a walk through the weights of `tokens` has gone `distance`. Undefined if the walk ends before, or if
 * another token is no further away than `error`.
 */
export function settle(tokens: readonly Weighed[], distance: number, error: number): number | undefined {
  let left = distance;
  for (const { id, weight } of tokens) {
    if (left < weight) return left > error && weight - left > error ? id : undefined;
    left -= weight;
  }
  return undefined;
}
