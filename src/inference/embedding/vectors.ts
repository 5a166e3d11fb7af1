/** Arithmetic on vectors. */

/** The vector's first `dimensions` numbers; brought to length 1 with `normalize`. */
export function finished(
  vector: Float32Array,
  { dimensions, normalize }: { readonly dimensions: number; readonly normalize: boolean },
): Float32Array {
  const cut = vector.subarray(0, dimensions);
  if (!normalize) return cut;
  const length = Math.sqrt(dot(cut, cut));
  // A vector of zeros has no direction; it stays as it is, as in sentence-transformers.
  return length === 0 ? cut : cut.map((value) => value / length);
}

/** The cosine of the angle between two vectors: 1 for the same direction. NaN if a number is not finite. */
export function cosine(a: Float32Array, b: Float32Array): number {
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, index) => sum + value * (b[index] ?? Number.NaN), 0);
}
