/** Describes samples by their median and spread. */

/** A set of samples in one unit. */
export interface Spread {
  readonly median: number;
  /** First and third quartile: half of all samples lie between them. */
  readonly low: number;
  readonly high: number;
  readonly max: number;
  readonly samples: readonly number[];
}

/** Describes samples. Throws if there are none, because nothing was measured then. */
export function spread(samples: readonly number[]): Spread {
  const sorted = samples.filter(Number.isFinite).sort((a, b) => a - b);
  if (sorted.length === 0) throw new Error("no samples");
  return {
    median: quantile(sorted, 0.5),
    low: quantile(sorted, 0.25),
    high: quantile(sorted, 0.75),
    max: sorted.at(-1)!,
    samples,
  };
}

/**
 * Ratios of neighbouring samples: the first of `a` by the first of `b`, and so on. Influences that slow both down, such as
 * another program on the machine, cancel out.
 */
export function pairedRatio(a: readonly number[], b: readonly number[]): Spread {
  return spread(a.map((sample, index) => sample / (b[index] ?? NaN)));
}

/** The same for differences. */
export function pairedDifference(a: readonly number[], b: readonly number[]): Spread {
  return spread(a.map((sample, index) => sample - (b[index] ?? NaN)));
}

/** Linear interpolation between the two nearest of `sorted`. */
function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)]!;
  const above = sorted[Math.ceil(at)]!;
  return below + (above - below) * (at - Math.floor(at));
}
