/** The error of models that cannot be split. */
import { MicrogridError } from "../../core";

/** The model is sound, but it cannot be split. `why` continues a sentence after “because”. */
export function cannotSplit(why: string): MicrogridError {
  return new MicrogridError(
    "unsupported-model",
    `This model cannot be shared out over several devices, because ${why}. Run it on one device that can hold it whole, or choose another model.`,
  );
}

/** The graph has so much in it that splitting it would take too long. */
export function tooLarge(what: string): MicrogridError {
  return cannotSplit(`its graph is larger than that of any known model (${what})`);
}
