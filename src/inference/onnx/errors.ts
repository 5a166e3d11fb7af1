/** Turns errors of ONNX Runtime into errors with helpful texts. */
import { MicrogridError, isAbort } from "../../core";
import { outOfMemory } from "../model-errors";
import type { Backend } from "../types";

/**
 * Turns an error of ONNX Runtime or WebGPU into a `MicrogridError`, and returns a `MicrogridError` unchanged. Not for errors
 * after an aborted signal: an `AbortError` here means that the WebGPU device was lost while a buffer was read.
 */
export function engineError(error: unknown, backend: Backend): Error {
  if (error instanceof MicrogridError) return error;
  if (isAbort(error)) return deviceLost("it stopped answering", error);
  const text = error instanceof Error ? error.message : String(error);
  const problem = (code: ConstructorParameters<typeof MicrogridError>[0], message: string): MicrogridError =>
    new MicrogridError(code, message, { cause: error });
  if (/device.*lost|lost.*device|destroyed/i.test(text)) return deviceLost(text, error);
  if (
    /out of memory|bad_alloc|allocation failed|failed to allocate|array buffer allocation|invalid typed array length/i.test(
      text,
    )
  ) {
    return outOfMemory(error);
  }
  if (/could not find an implementation|not implemented|no such operator|is not a registered function/i.test(text)) {
    const other = backend === "webgpu" ? "the CPU (WASM)" : "WebGPU";
    return problem(
      backend === "webgpu" ? "gpu-unfit" : "unsupported-model",
      `This model uses an operator that does not run here (${first(text)}). Try it on ${other}, or choose another variant.`,
    );
  }
  if (/external data|external_data|out of bounds/i.test(text)) {
    return problem(
      "file-corrupt",
      `The model's weights are missing or cut off (${first(text)}). Remove the model and load it again.`,
    );
  }
  if (/protobuf|invalid model|failed to load model|load model from/i.test(text)) {
    return problem(
      "file-corrupt",
      `The model's graph cannot be read (${first(text)}). Remove the model and load it again.`,
    );
  }
  if (/failed to get gpu adapter|webgpu is not supported|no available backend.*webgpu/i.test(text)) {
    return problem("no-webgpu", "This browser has no usable WebGPU now. Load the model on the CPU (WASM) instead.");
  }
  return problem("internal", `The model stopped with an error: ${first(text)}. Load it again, or choose another one.`);
}

/** The error of everything that ran when the GPU went away. */
export function deviceLost(reason: string, cause?: unknown): MicrogridError {
  return new MicrogridError(
    "device-lost",
    `The graphics device was lost (${reason || "no reason given"}). The model has to be loaded again.`,
    { cause },
  );
}

function first(text: string): string {
  return text.split("\n", 1)[0]?.slice(0, 200) ?? "";
}
