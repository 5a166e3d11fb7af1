/** How useful a model is on this device: its expected speed, and its worth compared with others. */
import {
  type GridState,
  type ModelInfo,
  type ModelSpeed,
  type SpeedSample,
  expectedBackend,
  expectedRate,
  familyOf,
} from "../../grid";
import { formatExpectedRate, formatRate } from "../format";

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
  /** How many tokens per second it gives here, as measured or about as expected; undefined if unknown. */
  readonly rate: number | undefined;
  /** The speed of its answers here; undefined if none has told it yet. */
  readonly speed: ModelSpeed | undefined;
  /** The same for the answer alone, after the thoughts of a model that thinks. */
  readonly answerRate: number | undefined;
  /** True if it thinks before it answers. */
  readonly thinks: boolean;
  /** True if it is expected to be too slow to chat with. */
  readonly slow: boolean;
  /** True if it would leave the graphics card of this device idle. */
  readonly idleGpu: boolean;
  /** Grows with the model's size and with the strength of its family, and is higher if its files are stored. */
  readonly worth: number;
}

/** The rates of models that have answered here, on any visit, or were checked when they were loaded. */
export function samplesOf(state: GridState): SpeedSample[] {
  return state.models.flatMap((model) => {
    const backend = backendOf(model, state);
    const tokensPerSecond = speedOf(model, state)?.average ?? checkedRate(model, state);
    const { downloadBytes: bytes } = model;
    return tokensPerSecond === undefined || bytes === undefined
      ? []
      : [{ engine: model.engine, backend, bytes, tokensPerSecond }];
  });
}

type Known = Pick<GridState, "loads" | "device" | "speeds">;

/** The backend on which a model runs, or would run. */
function backendOf(model: ModelInfo, { loads, device }: Known): ModelSpeed["backend"] {
  const load = loads[model.id];
  return load?.kind === "ready" ? load.offer.backend : expectedBackend(model, device);
}

function speedOf(model: ModelInfo, known: Known): ModelSpeed | undefined {
  const backend = backendOf(model, known);
  return known.speeds.findLast((speed) => speed.model === model.id && speed.backend === backend);
}

/** The rate of the check when the model was loaded: the best of a few tokens. */
function checkedRate({ id }: ModelInfo, { loads }: Known): number | undefined {
  const load = loads[id];
  return load?.kind === "ready" ? load.offer.decodeRate : undefined;
}

/** How useful a model is on a device with these samples. A model that has answered here has its own measured rate. */
export function usefulness(model: ModelInfo, known: Known, samples: readonly SpeedSample[]): Usefulness {
  const { family, parameters = 0 } = familyOf(model.id) ?? {};
  const downloadBytes = model.downloadBytes ?? (parameters > 0 ? parameters * BYTES_PER_PARAMETER : undefined);
  const speed = speedOf(model, known);
  const rate =
    speed?.average ?? checkedRate(model, known) ?? expectedRate({ ...model, downloadBytes }, known.device, samples);
  const thinks = family?.thinks ?? false;
  const answerRate = rate === undefined ? undefined : thinks ? rate / THINKING_FACTOR : rate;
  return {
    rate,
    speed,
    answerRate,
    thinks,
    slow: answerRate !== undefined && answerRate < COMFORTABLE_RATE,
    idleGpu: backendOf(model, known) === "wasm" && known.device.webgpu?.software === false,
    worth: (family?.strength ?? UNRANKED_STRENGTH) * (parameters / 1e9) * (model.stored === "yes" ? STORED_BONUS : 1),
  };
}

/** A model with its usefulness here. */
export interface RatedModel extends Usefulness {
  readonly model: ModelInfo;
}

/** Sorts by usefulness: models that are fast enough by their worth, then slow ones by their speed; on a GPU first. */
export function byUse(a: RatedModel, b: RatedModel): number {
  return (
    Number(a.slow) - Number(b.slow) ||
    Number(a.idleGpu) - Number(b.idleGpu) ||
    (a.slow ? (b.answerRate ?? 0) - (a.answerRate ?? 0) : b.worth - a.worth) ||
    // The variants of one model: the one that is faster here.
    (b.rate ?? 0) - (a.rate ?? 0) ||
    (a.model.downloadBytes ?? Infinity) - (b.model.downloadBytes ?? Infinity)
  );
}

/** The speed of a model's answers, as measured or about as expected; empty if nothing is known. */
export function rateText({ rate, speed }: Pick<Usefulness, "rate" | "speed">): string {
  if (speed) return `${formatRate(speed.average)} on average`;
  return rate === undefined ? "" : formatExpectedRate(rate);
}
