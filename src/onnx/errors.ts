/** The ways in which a file can fail to be an ONNX graph that can be read. */
import { MicrogridError } from "../core";

/** The file contradicts itself. `what` is a sentence without its full stop. */
export function damaged(what: string, cause?: unknown): MicrogridError {
  return new MicrogridError(
    "file-corrupt",
    `The model's graph file is damaged: ${what}. Remove the model and load it again.`,
    { cause },
  );
}

/** The file is something else, such as a web page. */
export function notAModel(cause?: unknown): MicrogridError {
  return new MicrogridError(
    "not-a-model",
    "This file is not an ONNX model: it has no graph. Check the address that it came from.",
    { cause },
  );
}

/** The graph has more than `maxBytes` besides its weights. */
export function graphTooLarge(maxBytes: number): MicrogridError {
  return new MicrogridError(
    "unsupported-model",
    `The model's graph has more than ${maxBytes} bytes even without its weights, which is too large to be split over several devices. Choose another model.`,
  );
}
