/** The two ways in which a graph can be no good for splitting. */
import { MicrogridError } from "../core";

/** The model is sound, but no part of it can run alone. `why` goes on from “because”. */
export function cannotSplit(why: string): MicrogridError {
  return new MicrogridError(
    "unsupported-model",
    `This model cannot be shared out over several devices, because ${why}. Run it on one device that can hold it whole, or choose another model.`,
  );
}

/** The file contradicts itself. `what` is a sentence without its full stop. */
export function damaged(what: string, cause?: unknown): MicrogridError {
  return new MicrogridError(
    "file-corrupt",
    `The model's graph file is damaged: ${what}. Remove the model and load it again.`,
    { cause },
  );
}
