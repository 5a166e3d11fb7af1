/** Tells people that a variant of a model gave wrong results here, and which one is used instead. */
import { type ErrorCode, MicrogridError, formatBytes } from "../core";
import type { Backend, EngineName } from "../inference";
import { variantName } from "../models";
import type { Notice } from "./types";

interface Variant {
  readonly graph: string;
  readonly backend: Backend;
}

const PLACES: Readonly<Record<Backend, string>> = { webgpu: "on the graphics card", wasm: "on the CPU (WASM)" };

/** Whether another variant or the CPU may do better. Wrong results on the CPU come from damaged files. */
export function isUnfitForGpu(
  error: unknown,
  { backend, engine }: { readonly backend: Backend; readonly engine: EngineName | undefined },
): error is MicrogridError {
  const codes: readonly string[] = ["wrong-results", "shader-f16-missing", "gpu-unfit"];
  return backend === "webgpu" && engine === "onnx" && error instanceof MicrogridError && codes.includes(error.code);
}

/** The notice for a variant that took the place of another one. */
export function replacementNotice(
  { id, name }: { readonly id: string; readonly name: string },
  { code, message }: MicrogridError,
  failed: Variant,
  next: Variant,
): Notice {
  const [reason] = message.split(". ", 1);
  const faults: Partial<Record<ErrorCode, string>> = {
    "wrong-results": `computes wrong results ${PLACES[failed.backend]}`,
    "shader-f16-missing": `needs 16-bit arithmetic, which is missing ${PLACES[failed.backend]}`,
  };
  const fault = faults[code] ?? `cannot run ${PLACES[failed.backend]} (${reason})`;
  const slower = next.backend === "wasm" && failed.backend !== "wasm" ? ", which is slower" : "";
  const variant = failed.graph === "" ? "" : ` (${variantName(failed.graph)})`;
  const text = `${name}${variant} ${fault}. It runs as ${described(next)} instead${slower}.`;
  return { id: `variant-${id}`, level: "warning", text };
}

/** The same error, which also says what the next load would download. */
export function withOffer(
  error: MicrogridError,
  next: Variant & { readonly downloadBytes: number | undefined },
): MicrogridError {
  const size = next.downloadBytes === undefined ? "its size is not known" : formatBytes(next.downloadBytes);
  const offer = `Load the model again to use ${described(next)} instead, which has to be downloaded first (${size}).`;
  return new MicrogridError(error.code, `${error.message} ${offer}`, { cause: error });
}

function described({ graph, backend }: Variant): string {
  return `${variantName(graph)} ${PLACES[backend]}`;
}
