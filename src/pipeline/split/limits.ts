/** What a graph may have at most. Graphs come from strangers: reading one has to end soon, whatever stands in it. */
import { cannotSplit, damaged } from "./errors";
import { protobufText } from "../../inference";

/** Fields of all messages that are read; many times those of any known model. */
export const MAX_FIELDS = 2 ** 22;
/** Names of values, operators, constants and ports, times layers: some steps look at all of them for each layer. */
export const MAX_WORK = 2 ** 26;
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

/** Counts what is read, and ends the reading where it is too much. */
export class FieldCount {
  #left = MAX_FIELDS;

  /** Throws `unsupported-model` where no more may be read. */
  spend(): void {
    if (this.#left-- <= 0) throw tooLarge(`more than ${MAX_FIELDS} entries`);
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
