/** Turns errors of llama.cpp into errors with helpful texts. */
import { MicrogridError } from "../../core";
import { outOfMemory } from "../model-errors";

/** Turns an error of the library into one of ours; those that are ours stay as they are. */
export function llamaError(error: unknown, name: string): MicrogridError {
  if (error instanceof MicrogridError) return error;
  const text = error instanceof Error ? error.message : String(error);
  if (/out of memory|bad_alloc|allocat|memory access out of bounds|OOM|Cannot enlarge memory/i.test(text)) {
    return outOfMemory(error);
  }
  if (/loading model/i.test(text)) {
    return new MicrogridError(
      "unsupported-model",
      `llama.cpp cannot load ${name}: its file is damaged, or its kind of model is newer than this app. Remove it and load it again, or choose another model.`,
      { cause: error },
    );
  }
  return new MicrogridError(
    "internal",
    `${name} stopped with an error: ${text.split("\n", 1)[0]?.slice(0, 200) ?? ""}. Load it again, or choose another one.`,
    { cause: error },
  );
}

/** The error for a worker that the browser or a policy of the page stopped. */
export function workerStopped(detail: string): MicrogridError {
  return new MicrogridError(
    "worker-crashed",
    `The worker of llama.cpp has stopped${detail === "" ? "" : ` (${detail})`}. Load the model again. If it stops each time, a Content-Security-Policy of this site may forbid workers from blob: addresses.`,
  );
}
