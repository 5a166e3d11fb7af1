/** The ways in which a file can fail to be a GGUF model. */
import { MicrogridError } from "../core";

/** The file is something else, is cut off or contradicts itself. `what` is a sentence without its full stop. */
export function notGguf(what: string): MicrogridError {
  return new MicrogridError(
    "not-a-model",
    `This file is not a GGUF model that can be read: ${what}. Check the address that it came from, or download it again.`,
  );
}

/** The file is a model that cannot run here. `what` is a sentence without its full stop. */
export function unsupportedGguf(what: string): MicrogridError {
  return new MicrogridError("unsupported-model", `This GGUF model cannot run here: ${what}. Choose another model.`);
}
