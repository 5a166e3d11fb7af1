/** Loads the WebLLM library. */
import type * as Library from "./webllm-library";

/** The part of the library that the engine uses. */
export type WebLlmLibrary = typeof Library;

/** Loads the library. `file` is its address if it is a file of its own; otherwise the worker's bundle contains it. */
export function loadWebLlm(file: string | undefined): Promise<WebLlmLibrary> {
  return file === undefined ? import("./webllm-library") : (import(/* @vite-ignore */ file) as Promise<WebLlmLibrary>);
}
