/**
 * Addresses of the files that engines fetch by themselves. The page resolves them and tells the worker, since the worker's own
 * address says nothing about them: in other people's pages, a bundler may have put every file anywhere.
 */
import asyncifyGlue from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url";
import asyncifyWasm from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url";
import { bytes as asyncifyBytes } from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?size";
import jspiGlue from "onnxruntime-web/ort-wasm-simd-threaded.jspi.mjs?url";
import jspiWasm from "onnxruntime-web/ort-wasm-simd-threaded.jspi.wasm?url";
import { bytes as jspiBytes } from "onnxruntime-web/ort-wasm-simd-threaded.jspi.wasm?size";
import plainGlue from "onnxruntime-web/ort-wasm-simd-threaded.mjs?url";
import plainWasm from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import { bytes as plainBytes } from "onnxruntime-web/ort-wasm-simd-threaded.wasm?size";
import llamaThreads from "@wllama/wllama/esm/multi-thread/wllama.wasm?url";
import llamaSingle from "@wllama/wllama/esm/single-thread/wllama.wasm?url";
import { webllm } from "virtual:packaged-files";

/** The builds of ONNX Runtime Web: without the GPU, and with it by either way to suspend WebAssembly. */
export type OrtBuild = "plain" | "jspi" | "asyncify";

/** The files of one build of ONNX Runtime Web. */
interface OrtFiles {
  readonly wasm: string;
  /** The script that belongs to `wasm`; each thread starts from it. */
  readonly glue: string;
  /** Size of the file `wasm`. */
  readonly bytes: number;
}

/** The files of all engines, as absolute addresses. */
export interface EngineFiles {
  readonly ort: Readonly<Record<OrtBuild, OrtFiles>>;
  /** llama.cpp for one thread and for several. */
  readonly wllama: { readonly single: string; readonly multi: string };
  /** The WebLLM library as one module; undefined if the worker's own bundle contains it. */
  readonly webllm: string | undefined;
}

/** The files of this build of Microgrid. */
export const engineFiles: EngineFiles = {
  ort: {
    plain: { wasm: plainWasm, glue: plainGlue, bytes: plainBytes },
    jspi: { wasm: jspiWasm, glue: jspiGlue, bytes: jspiBytes },
    asyncify: { wasm: asyncifyWasm, glue: asyncifyGlue, bytes: asyncifyBytes },
  },
  wllama: { single: llamaSingle, multi: llamaThreads },
  webllm,
};
