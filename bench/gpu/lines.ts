/** Makes lines of the table from samples. */
import type { Line } from "../line";
import { pairedRatio, spread } from "../statistics";
import type { Samples } from "./measure";
import { ceilingRate } from "./shapes";

/** The samples of a model, and what memory allows for it. */
export interface Measured {
  /** The model's name, its precision included. */
  readonly name: string;
  readonly ours: Samples;
  /** Those of transformers.js; undefined if it was not measured. */
  readonly theirs: Samples | undefined;
  /** Bytes of weights that a token needs. */
  readonly weightBytes: number;
  readonly bytesPerSecond: number;
}

const TOGETHER_NOTE = "The ratio of answers at once is to one answer with the same short prompt.";
const WAITED_NOTE = "At no moment did all of these answers run, so the rate is over the whole time, prompts included.";

/** The lines of a model, the most important first. */
export function linesOf(measured: Measured): Line[] {
  return [...prompts(measured), ...decoding(measured), ...together(measured)];
}

function prompts({ name, ours, theirs }: Measured): Line[] {
  return [...ours.firstMs].map(([tokens, ms]): Line => {
    const rates = (samples: readonly number[]): number[] => samples.map((each) => (1000 * tokens) / each);
    const other = theirs?.firstMs.get(tokens);
    const first = spread(ms).median.toFixed(0);
    const theirFirst = other ? `, with transformers.js ${spread(other).median.toFixed(0)} ms` : "";
    return {
      name: `${name}: prompt of ${tokens} tokens`,
      unit: "tokens/s",
      measured: spread(rates(ms)),
      ...(other && {
        other: { name: "transformers.js", unit: "tokens/s", value: spread(rates(other)) },
        ratio: pairedRatio(rates(ms), rates(other)),
      }),
      notes: [`First token after ${first} ms${theirFirst}.`],
    };
  });
}

function decoding({ name, ours, theirs, weightBytes, bytesPerSecond }: Measured): Line[] {
  const ceiling = ceilingRate(bytesPerSecond, weightBytes);
  const line = (who: string, rates: readonly number[] | undefined): Line[] =>
    rates
      ? [
          {
            name: `${name}: decode, ${who}`,
            unit: "tokens/s",
            measured: spread(rates),
            other: { name: "memory / weights", unit: "tokens/s", value: spread([ceiling]) },
            ratio: spread(rates.map((rate) => rate / ceiling)),
            notes: [`${(weightBytes / 1e6).toFixed(1)} MB of weights are read for a token of ${name}.`],
          },
        ]
      : [];
  const [mine, others] = [ours.decode, theirs?.decode];
  const both: Line[] =
    mine && others
      ? [
          {
            name: `${name}: decode, against transformers.js`,
            unit: "tokens/s",
            measured: spread(mine),
            other: { name: "transformers.js", unit: "tokens/s", value: spread(others) },
            ratio: pairedRatio(mine, others),
          },
        ]
      : [];
  return [...line("Microgrid", mine), ...line("transformers.js", others), ...both];
}

function together({ name, ours }: Measured): Line[] {
  const alone = ours.together.get(1);
  return [...ours.together].map(([count, { rates, waited }]): Line => ({
    name: `${name}: ${count === 1 ? "1 answer" : `${count} answers at once`}`,
    unit: "tokens/s",
    measured: spread(rates),
    ...(alone &&
      count > 1 && {
        other: { name: "1 answer", unit: "tokens/s", value: spread(alone.rates) },
        ratio: pairedRatio(rates, alone.rates),
        notes: waited ? [TOGETHER_NOTE, WAITED_NOTE] : [TOGETHER_NOTE],
      }),
  }));
}
