/** Computes the highest possible speed of a ring from the times of its stages, its ends and its hops. */
import type { RingReading } from "../e2e/pipeline-page/meter";
import { spread } from "./statistics";

/** The parts of a token's way around a ring, ms. */
export interface RingTimes {
  /** Computing of all stages. */
  readonly stagesMs: number;
  /** Computing of embedding and head. */
  readonly endsMs: number;
  /** All hops from one node to the next. */
  readonly hopsMs: number;
}

/** Tokens per second that no schedule can exceed with one sequence and without guessing. */
export function boundOf({ stagesMs, endsMs, hopsMs }: RingTimes): number {
  return 1000 / (stagesMs + endsMs + hopsMs);
}

/** Sum of the times that the stages of a ring reported when they were loaded. */
export function stagesMs(reading: RingReading, dids: readonly string[]): number {
  return dids.reduce((sum, did) => sum + (reading.decodeMs[did] ?? NaN), 0);
}

/** Half the round trip of each hop, added up. `trips`: each hop's round trips in the order of the ring, one row per time. */
export function hopsMs(trips: readonly (readonly number[])[]): number {
  const hops = (trips[0] ?? []).map((_, hop) => spread(trips.map((row) => row[hop]!)).median / 2);
  return hops.reduce((sum, ms) => sum + ms, 0);
}
