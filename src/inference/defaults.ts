/** Settings that hold where nobody chose others. */
import type { Sampling } from "./types";

/** Greedy, since small models answer best that way; every filter is off. */
export const DEFAULT_SAMPLING: Sampling = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };
