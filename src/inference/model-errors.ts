/** Errors of models that every engine may meet. */
import { MicrogridError } from "../core";

/** The error for a model whose results are not those of its weights. `why` completes “wrong results: …”. */
export function wrongResults(why: string): MicrogridError {
  return new MicrogridError(
    "wrong-results",
    `This device computes wrong results with this model: ${why}. Try it on the CPU (WASM), or choose another model.`,
  );
}

/** The error for a model or a conversation that is too large for the free memory. */
export function outOfMemory(cause: unknown): MicrogridError {
  return new MicrogridError(
    "out-of-memory",
    "This device has not enough free memory for this model. Close other tabs, or choose a smaller model or a stronger quantization.",
    { cause },
  );
}
