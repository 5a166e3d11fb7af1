/** Creates a session of ONNX Runtime from a graph and its weights, and the caches that go with it. */
import type { InferenceSession } from "onnxruntime-web";
import { MicrogridError, formatBytes } from "../../core";
import { type GraphWithWeights, expandWeights } from "./expand-weights";
import { withinGpuMemory } from "./gpu-device";
import type { GraphSpec } from "./graph-spec";
import { ArrayKvCache, GrowingGpuKvCache } from "./growing-kv-cache";
import { InPlaceGpuKvCache } from "./in-place-gpu-kv-cache";
import type { KvCacheFactory } from "./kv-cache";
import { lazyBytes } from "./lazy-bytes";
import { ELEMENT, type Graph } from "../../onnx";
import { canSuspend, type Ort } from "./runtime";

/** Otherwise ONNX Runtime warns about every shape operator that it leaves to the CPU, as it should. */
const LOG_ERRORS_ONLY = 3;

/** Throws `shader-f16-missing` or `unsupported-model` if the GPU cannot run the graph: errors of its shaders say nothing. */
function requireAbilities({ inputs, outputs, initializers }: Graph, device: GPUDevice): void {
  const types = [...inputs, ...outputs, ...initializers].map(({ type }) => type);
  if (types.includes(ELEMENT.float16) && !device.features.has("shader-f16")) {
    throw new MicrogridError(
      "shader-f16-missing",
      "This variant computes with 16-bit numbers (shader-f16), which this GPU does not offer to the browser. Choose a variant without 16 bits, such as q4, or run it on the CPU (WASM).",
    );
  }
  const largest = Math.max(0, ...initializers.map(({ bytes }) => bytes ?? 0));
  const limit = device.limits.maxBufferSize;
  if (largest <= limit) return;
  throw new MicrogridError(
    "unsupported-model",
    `It needs ${formatBytes(largest)} in one piece, but this GPU gives at most ${formatBytes(limit)} to the browser. Choose a smaller variant, or run it on the CPU (WASM).`,
  );
}

/**
 * Prepares a graph on `device`, or on the CPU without one. Only on the CPU, `expand` expands its weights. Results stay on the
 * GPU unless `readBack` is set.
 */
export async function createSession(
  ort: Ort,
  files: GraphWithWeights & { readonly graph: Graph },
  device: GPUDevice | undefined,
  options: { readonly signal: AbortSignal; readonly expand: boolean; readonly readBack?: boolean },
): Promise<InferenceSession> {
  if (!device) {
    const { graphBytes, external } = options.expand ? await expandWeights(files, options) : files;
    return ort.InferenceSession.create(graphBytes, {
      externalData: lazily(external),
      logSeverityLevel: LOG_ERRORS_ONLY,
      executionProviders: ["wasm"],
    });
  }
  requireAbilities(files.graph, device);
  // Caches and logits stay on the GPU; the runner reads back the rows that it needs.
  const outputs = files.graph.outputs
    .map(({ name }) => name)
    .filter((name) => !options.readBack && (name.startsWith("present") || name === "logits"));
  return withinGpuMemory(device, () =>
    ort.InferenceSession.create(files.graphBytes, {
      externalData: canSuspend() ? [...files.external] : lazily(files.external),
      logSeverityLevel: LOG_ERRORS_ONLY,
      executionProviders: [{ name: "webgpu", device }],
      preferredOutputLocation: Object.fromEntries(outputs.map((name) => [name, "gpu-buffer" as const])),
    }),
  );
}

/** Files for builds that cannot wait for a blob: they would read each file whole, and all of them at once. */
function lazily(external: GraphWithWeights["external"]): { path: string; data: Blob | Uint8Array }[] {
  return external.map(({ path, data }) => ({ path, data: data instanceof Blob ? lazyBytes(data) : data }));
}

/** The kinds of caches that a graph can use; `inPlace` is undefined if it does not allow that kind. */
export function cacheFactories(
  ort: Ort,
  spec: GraphSpec,
  device: GPUDevice | undefined,
  contextLength: number,
): { plain: KvCacheFactory; inPlace: KvCacheFactory | undefined } {
  if (!device) return { plain: () => new ArrayKvCache(ort, spec), inPlace: undefined };
  return {
    plain: () => new GrowingGpuKvCache(ort, spec, device),
    inPlace: spec.inPlacePossible ? () => new InPlaceGpuKvCache(ort, device, spec, contextLength) : undefined,
  };
}
