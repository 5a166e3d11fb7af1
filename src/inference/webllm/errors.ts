/** Turns errors of WebLLM into errors with helpful texts. */
import { MicrogridError, type ErrorCode } from "../../core";

/**
 * Turns an error of the library into one of ours; those that are ours stay as they are. The library's classes are
 * not all exported, but each sets its name.
 */
export function webllmError(error: unknown, modelName: string): MicrogridError {
  if (error instanceof MicrogridError) return error;
  const name = error instanceof Error ? error.name : "";
  const text = error instanceof Error ? error.message : String(error);
  const problem = (code: ErrorCode, message: string): MicrogridError =>
    new MicrogridError(code, message, { cause: error });
  if (name === "ShaderF16SupportError") return halfFloatsMissing(modelName, undefined);
  if (name === "WebGPUNotAvailableError" || name === "WebGPUNotFoundError" || /compatible GPU/i.test(text)) {
    return noWebGpu("no graphics adapter was found");
  }
  if (name === "FeatureSupportError" || text.includes("Cannot initialize runtime")) {
    return problem(
      "unsupported-model",
      `${modelName} needs more than this GPU offers to the browser (${first(text)}). Choose another model.`,
    );
  }
  if (name === "ContextWindowSizeExceededError") {
    return problem(
      "context-exceeded",
      "The conversation is longer than this model can read. Start a new one, shorten it, or choose a model with a longer context.",
    );
  }
  if (name === "QuotaExceededError" || /quota/i.test(text)) {
    return problem(
      "quota-exceeded",
      `There is no room left to store ${modelName}. Remove stored models that you do not need, or free disk space, and load it again.`,
    );
  }
  // Lost while loading means, nearly always, that the model was too big.
  if (name === "DeviceLostError" || /out of memory|not enough memory|allocation failed|createBuffer/i.test(text)) {
    return problem(
      "out-of-memory",
      `This device has not enough free graphics memory for ${modelName}. Close other tabs, or choose a smaller model.`,
    );
  }
  if (
    name === "ModelNotLoadedError" ||
    name === "SpecifiedModelNotFoundError" ||
    /device.*(lost|destroyed)|destroyed/i.test(text)
  ) {
    return problem("device-lost", "The graphics device was lost. The model has to be loaded again.");
  }
  return problem(
    "internal",
    `${modelName} stopped with an error: ${first(text)}. Load it again, or choose another one.`,
  );
}

/** `no-webgpu`, for an engine that has no other backend. */
export function noWebGpu(why: string): MicrogridError {
  return new MicrogridError(
    "no-webgpu",
    `Models of the WebLLM engine run on the GPU only, and this browser offers none now (${why}). Choose an ONNX model, which also runs on the CPU, or use a room.`,
  );
}

/** `shader-f16-missing`; `variant` is the same model with 32-bit arithmetic, where there is one. */
export function halfFloatsMissing(modelName: string, variant: string | undefined): MicrogridError {
  const advice = variant === undefined ? "Choose a variant whose name has q4f32 in it." : `Load ${variant} instead.`;
  return new MicrogridError(
    "shader-f16-missing",
    `${modelName} computes with 16-bit numbers (shader-f16), which this GPU does not offer to the browser. ${advice}`,
  );
}

function first(text: string): string {
  return text.split("\n", 1)[0]?.slice(0, 200) ?? "";
}
