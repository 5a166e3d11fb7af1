/** Measures two things in turns, so that both run under the same conditions. */

/** Results of both sides, round by round. */
export interface Sides<T> {
  readonly a: readonly T[];
  readonly b: readonly T[];
}

/**
 * Measures `a` and `b` in turns: a b, b a, a b, … Reversing the order each time evens out the effects of one run on
 * the next. Unless `warm`, an extra first round is thrown away, since it compiles code and fills caches.
 */
export async function inTurns<T>(
  rounds: number,
  a: () => Promise<T>,
  b: () => Promise<T>,
  { warm = false }: { readonly warm?: boolean } = {},
): Promise<Sides<T>> {
  const sides = { a: [] as T[], b: [] as T[] };
  for (let round = warm ? 0 : -1; round < rounds; round++) {
    for (const side of round % 2 === 0 ? (["a", "b"] as const) : (["b", "a"] as const)) {
      const sample = await (side === "a" ? a() : b());
      if (round >= 0) sides[side].push(sample);
    }
  }
  return sides;
}
