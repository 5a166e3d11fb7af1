/** ONNX Runtime Web: the build that fits the backend, with its assets where this site keeps them. */
import type * as OrtModule from "onnxruntime-web/wasm";
import { enginePart } from "../engine-part";
import { type OnBytes, fetchAhead } from "../fetch-ahead";
import type { Backend } from "../types";

/** The API of ONNX Runtime Web; every build has the same. */
export type Ort = typeof OrtModule;

/** Most threads worth starting: beyond them, decoding is bound by memory, not by cores. */
const MAX_THREADS = 4;

/**
 * Loads the runtime for `backend`, at most once each. Only the build that is asked for is fetched: the plain one on
 * `wasm`, since it alone has every CPU kernel; for `webgpu` the JSPI build where the browser can suspend WebAssembly,
 * being 10 MB smaller than the asyncify one. `assetBase` resolves asset addresses that are not absolute; the default
 * is this script's own address, which is right even where the worker was started from a blob on another site.
 */
export async function loadOrt(backend: Backend, assetBase: string = import.meta.url): Promise<Ort> {
  const { ort, wasm, glue } = await enginePart(() => importBuild(backend));
  const threads = threadCount();
  ort.env.logLevel = "error";
  ort.env.wasm.numThreads = threads;
  ort.env.wasm.proxy = false;
  // The glue script is part of the build. Threads need it as a file of its own, which each of them starts from.
  ort.env.wasm.wasmPaths =
    threads > 1
      ? { wasm: new URL(wasm, assetBase).href, mjs: new URL(glue, assetBase).href }
      : { wasm: new URL(wasm, assetBase).href };
  return ort;
}

/**
 * Fetches the runtime's largest file ahead, so that `loadOrt` finds it in the browser's cache. The parameters are as for
 * `loadOrt`; aborting stops the download.
 */
export async function fetchOrt(
  backend: Backend,
  options: { readonly assetBase?: string | undefined; readonly signal: AbortSignal; readonly onBytes: OnBytes },
): Promise<void> {
  const { wasm, bytes } = await enginePart(() => importBuild(backend));
  await fetchAhead(new URL(wasm, options.assetBase ?? import.meta.url).href, { ...options, bytes });
}

interface Build {
  readonly ort: Ort;
  /** Addresses of its files. */
  readonly wasm: string;
  readonly glue: string;
  /** Size of the file `wasm`. */
  readonly bytes: number;
}

async function importBuild(backend: Backend): Promise<Build> {
  if (backend === "wasm") {
    const [ort, wasm, glue, size] = await Promise.all([
      import("onnxruntime-web/wasm"),
      import("onnxruntime-web/ort-wasm-simd-threaded.wasm?url"),
      import("onnxruntime-web/ort-wasm-simd-threaded.mjs?url"),
      import("onnxruntime-web/ort-wasm-simd-threaded.wasm?size"),
    ]);
    return { ort, wasm: wasm.default, glue: glue.default, bytes: size.bytes };
  }
  if (canSuspend()) {
    const [ort, wasm, glue, size] = await Promise.all([
      import("onnxruntime-web/jspi"),
      import("onnxruntime-web/ort-wasm-simd-threaded.jspi.wasm?url"),
      import("onnxruntime-web/ort-wasm-simd-threaded.jspi.mjs?url"),
      import("onnxruntime-web/ort-wasm-simd-threaded.jspi.wasm?size"),
    ]);
    return { ort, wasm: wasm.default, glue: glue.default, bytes: size.bytes };
  }
  const [ort, wasm, glue, size] = await Promise.all([
    import("onnxruntime-web/webgpu"),
    import("onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url"),
    import("onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url"),
    import("onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?size"),
  ]);
  return { ort, wasm: wasm.default, glue: glue.default, bytes: size.bytes };
}

/** Whether the build for the GPU suspends itself while it waits. Such a build reads blobs part by part. */
export function canSuspend(): boolean {
  return "Suspending" in WebAssembly;
}

function threadCount(): number {
  const isolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated === true;
  return isolated ? Math.max(1, Math.min(MAX_THREADS, Math.ceil(navigator.hardwareConcurrency / 2))) : 1;
}
