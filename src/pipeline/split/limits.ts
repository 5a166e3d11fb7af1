/** Limits on graphs that are split. Graphs come from strangers: splitting one has to end soon, whatever it contains. */
import { tooLarge } from "./errors";

/** Fields of all messages that are read: a hundred times as many as most models have, and enough for many experts. */
export const MAX_FIELDS = 2 ** 22;
/** The same for a graph from another member, which should not take more than about a second. */
export const MAX_STRANGERS_FIELDS = 2 ** 19;
/** Names of values, operators, constants and ports, times layers: every layer looks at all of them, if only briefly. */
export const MAX_WORK = 2 ** 26;
/** Names that are followed to find what each layer needs. Layers have only a few in common: masks, positions, tables. */
export const MAX_FOLLOWED = 2 ** 21;
/** Weights of a model, bytes. The largest published models have somewhat less. */
export const MAX_WEIGHT_BYTES = 2 ** 40;
/** One state of one layer, bytes: for each token, or in all if its size is fixed. Real ones have kibibytes or mebibytes. */
export const MAX_STATE_BYTES = 2 ** 30;
/** States of one layer: keys and values, and those of a convolution and of a recurrence. */
export const MAX_LAYER_STATES = 16;
/** Size of all values that go from one layer to the next for one token, bytes. Real models send some kibibytes. */
export const MAX_CUT_BYTES = 2 ** 24;

/** Counts what is read or followed, and stops it when it is too much. */
export class WorkCount {
  readonly #limit: number;
  #spent = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Throws `unsupported-model` when the limit is exceeded. */
  spend(): void {
    if (++this.#spent > this.#limit) throw tooLarge(`more than ${this.#limit} entries`);
  }
}
