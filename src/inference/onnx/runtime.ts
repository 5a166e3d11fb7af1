/** ONNX Runtime Web: the build that fits the backend. */
import type * as OrtModule from "onnxruntime-web/wasm";
import { enginePart } from "../engine-part";
import type { EngineFiles, OrtBuild } from "../engine-files";
import { type OnBytes, fetchAhead } from "../fetch-ahead";
import { threadCount } from "../threads";
import type { Backend } from "../types";

/** The API of ONNX Runtime Web; every build has the same. */
export type Ort = typeof OrtModule;

/**
 * Loads the runtime for `backend`, at most once each. Only the build that is asked for is fetched: the plain one on
 * `wasm`, since it alone has every CPU kernel; for `webgpu` the JSPI build where the browser can suspend WebAssembly,
 * being 10 MB smaller than the asyncify one.
 */
export async function loadOrt(backend: Backend, files: EngineFiles["ort"] | undefined): Promise<Ort> {
  const build = buildFor(backend);
  const { wasm, glue } = known(files)[build];
  const ort = await enginePart(IMPORTS[build]);
  const threads = threadCount();
  ort.env.logLevel = "error";
  ort.env.wasm.numThreads = threads;
  ort.env.wasm.proxy = false;
  // The glue script is part of the build. Threads need it as a file of its own, which each of them starts from.
  ort.env.wasm.wasmPaths = threads > 1 ? { wasm, mjs: glue } : { wasm };
  return ort;
}

/**
 * Fetches the runtime's largest file ahead, so that `loadOrt` finds it in the browser's cache. Aborting stops the download.
 */
export async function fetchOrt(
  backend: Backend,
  files: EngineFiles["ort"] | undefined,
  options: { readonly signal: AbortSignal; readonly onBytes: OnBytes },
): Promise<void> {
  const { wasm, bytes } = known(files)[buildFor(backend)];
  await fetchAhead(wasm, { ...options, bytes });
}

const IMPORTS: Readonly<Record<OrtBuild, () => Promise<Ort>>> = {
  plain: () => import("onnxruntime-web/wasm"),
  jspi: () => import("onnxruntime-web/jspi"),
  asyncify: () => import("onnxruntime-web/webgpu"),
};

function buildFor(backend: Backend): OrtBuild {
  if (backend === "wasm") return "plain";
  return canSuspend() ? "jspi" : "asyncify";
}

function known(files: EngineFiles["ort"] | undefined): EngineFiles["ort"] {
  if (!files) throw new Error("The worker was not told where the files of ONNX Runtime are.");
  return files;
}

/** Whether the build for the GPU suspends itself while it waits. Such a build reads blobs part by part. */
export function canSuspend(): boolean {
  return "Suspending" in WebAssembly;
}
