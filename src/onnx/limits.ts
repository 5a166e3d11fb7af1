/** What a graph may have at most. Graphs come from strangers: reading one has to end soon, whatever stands in it. */
import { cannotSplit, damaged } from "./errors";
import { protobufText } from "./protobuf";

/** Fields of all messages that are read: a hundred times those of most models, and enough for experts spelled out. */
export const MAX_FIELDS = 2 ** 22;
/** The same for a graph of somebody else's, which should not cost more than about a second. */
export const MAX_STRANGERS_FIELDS = 2 ** 19;
/** Names of values, operators, constants and ports, times layers: all are looked at for each layer, if only shortly. */
export const MAX_WORK = 2 ** 26;
/** Names that are followed to find what each layer needs. Few are needed by several: masks, positions, tables. */
export const MAX_FOLLOWED = 2 ** 21;
/** Dimensions of a tensor; operators know four to six. */
export const MAX_RANK = 16;
/** Longest name, bytes: names are written again where graphs are cut. */
const MAX_NAME_BYTES = 4096;
/** Weights of a model, bytes. The largest that are published have somewhat less. */
export const MAX_WEIGHT_BYTES = 2 ** 40;
/** One state of one layer, bytes for each token or, of fixed size, in all. Real ones have some kibibytes, or mebibytes. */
export const MAX_STATE_BYTES = 2 ** 30;
/** States of one layer: keys and values, those of a convolution and of a recurrence. */
export const MAX_LAYER_STATES = 16;
/** What goes from one layer to the next for one token, bytes; real models send some kibibytes. */
export const MAX_CUT_BYTES = 2 ** 24;

/** Counts what is read or followed, and ends that where it is too much. */
export class WorkCount {
  readonly #limit: number;
  #spent = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Throws `unsupported-model` where there may be no more. */
  spend(): void {
    if (++this.#spent > this.#limit) throw tooLarge(`more than ${this.#limit} entries`);
  }
}

/** The error of a graph with so much in it that reading it would take too long. */
export function tooLarge(what: string): ReturnType<typeof cannotSplit> {
  return cannotSplit(`its graph is larger than that of any known model (${what})`);
}

/** The text of a name. Throws `file-corrupt` for one that is endless. */
export function nameText(bytes: Uint8Array): string {
  if (bytes.length > MAX_NAME_BYTES) throw damaged(`one of its names has ${bytes.length} bytes`);
  return protobufText(bytes);
}
