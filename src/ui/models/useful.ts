/** How useful a model is on this device: its expected speed, and its worth compared with others. */
import { type GridState, type ModelInfo, type SpeedSample, expectedRate, familyOf } from "../../grid";

/** Tokens per second below which an answer is read faster than it is written. */
const COMFORTABLE_RATE = 5;
/** A model that thinks first writes about this many times as many tokens until its answer is complete. */
const THINKING_FACTOR = 4;

/** Typical of the 4-bit weights that most models are published with; used where a size is unknown. */
const BYTES_PER_PARAMETER = 0.6;
/** A model whose files are here already is worth this many times as much. */
const STORED_BONUS = 1.5;
/** The worth of a family without a rank. */
const UNRANKED_STRENGTH = 0.5;

/** The expected use of a model on this device. */
interface Usefulness {
  /** About how many tokens per second it gives here; undefined if unknown. */
  readonly rate: number | undefined;
  /** The same for the answer alone, after the thoughts of a model that thinks. */
  readonly answerRate: number | undefined;
  /** True if it thinks before it answers. */
  readonly thinks: boolean;
  /** True if it is expected to be too slow to chat with. */
  readonly slow: boolean;
  /** Grows with the model's size and with the strength of its family, and is higher if its files are stored. */
  readonly worth: number;
}

/** The measured rates of the models that are loaded here. */
export function samplesOf({ loads, models }: GridState): SpeedSample[] {
  return models.flatMap(({ id, downloadBytes: bytes }) => {
    const load = loads[id];
    if (load?.kind !== "ready" || load.offer.decodeRate === undefined || bytes === undefined) return [];
    return [{ backend: load.offer.backend, bytes, tokensPerSecond: load.offer.decodeRate }];
  });
}

/** How useful a model is on a device with these samples. A loaded model has its own measured rate. */
export function usefulness(
  model: ModelInfo,
  { loads, device }: Pick<GridState, "loads" | "device">,
  samples: readonly SpeedSample[],
): Usefulness {
  const load = loads[model.id];
  const { family, parameters = 0 } = familyOf(model.id) ?? {};
  const downloadBytes = model.downloadBytes ?? (parameters > 0 ? parameters * BYTES_PER_PARAMETER : undefined);
  const measured = load?.kind === "ready" ? load.offer.decodeRate : undefined;
  const rate = measured ?? expectedRate({ ...model, downloadBytes }, device, samples);
  const thinks = family?.thinks ?? false;
  const answerRate = rate === undefined ? undefined : thinks ? rate / THINKING_FACTOR : rate;
  return {
    rate,
    answerRate,
    thinks,
    slow: answerRate !== undefined && answerRate < COMFORTABLE_RATE,
    worth: (family?.strength ?? UNRANKED_STRENGTH) * (parameters / 1e9) * (model.stored === "yes" ? STORED_BONUS : 1),
  };
}

/** A model with its usefulness here. */
export interface RatedModel extends Usefulness {
  readonly model: ModelInfo;
}

/** Sorts by usefulness: models that are fast enough by their worth, then slow ones by their speed. */
export function byUse(a: RatedModel, b: RatedModel): number {
  return (
    Number(a.slow) - Number(b.slow) ||
    (a.slow ? (b.answerRate ?? 0) - (a.answerRate ?? 0) : b.worth - a.worth) ||
    (a.model.downloadBytes ?? Infinity) - (b.model.downloadBytes ?? Infinity)
  );
}
