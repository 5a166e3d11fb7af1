/** Loads the wllama library, llama.cpp for browsers. */
import type { Wllama } from "@wllama/wllama/esm/index.js";
import { enginePart } from "../engine-part";
import type { EngineFiles } from "../engine-files";

/** The part of the library that answers are made with. */
export type Llama = Pick<Wllama, "decode" | "getLogits" | "samplingInit" | "samplingSample" | "kvRemove" | "kvClear">;

/** The library before a model is in it. `onFault` is told of a worker that could not be started or has stopped. */
export async function createLlama(files: EngineFiles["wllama"], onFault: (detail: string) => void): Promise<Wllama> {
  const { Wllama } = await enginePart(() => import("./wllama-library"));
  const quiet = (): void => undefined;
  return new Wllama(
    { "single-thread/wllama.wasm": files.single, "multi-thread/wllama.wasm": files.multi },
    {
      suppressNativeLog: true,
      logger: { debug: quiet, log: quiet, warn: quiet, error: (error: unknown) => onFault(detailOf(error)) },
    },
  );
}

/**
 * Ends the library's worker and frees its memory at once. The library itself first asks the worker to end, and one that is out of
 * memory never answers.
 */
export function endLlama(llama: Wllama): void {
  const { proxy } = llama as unknown as { readonly proxy?: { readonly worker?: Worker } | null };
  proxy?.worker?.terminate();
}

/**
 * Runs `load` with a `document.baseURI` that can be read once. The library resolves the address of its file against it, although
 * that is absolute already, and a worker has no document. Not for several loads at once.
 */
export async function withBaseUri<T>(load: () => Promise<T>): Promise<T> {
  const scope = globalThis as { document?: unknown };
  if (scope.document !== undefined) return load();
  scope.document = {
    get baseURI(): string {
      delete scope.document;
      return globalThis.location.href;
    },
  };
  try {
    return await load();
  } finally {
    delete scope.document;
  }
}

function detailOf(error: unknown): string {
  return error instanceof ErrorEvent || error instanceof Error ? error.message : "";
}
