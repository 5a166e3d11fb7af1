/** Creates a session of ONNX Runtime from a graph and its weights, and the caches that go with it. */
import type { InferenceSession } from "onnxruntime-web";
import { type GraphWithWeights, expandWeights, foldsMatrices } from "./expand-weights";
import { folding } from "./folded-matrices";
import { type GpuDevice, withinGpuMemory } from "./gpu-device";
import { requireFitness } from "./gpu-fitness";
import type { GraphSpec } from "./graph-spec";
import type { KvCacheFactory } from "./cache/kv-cache";
import { arrayMemory, gpuMemory } from "./cache/memory";
import { SequenceCache } from "./cache/sequence-cache";
import { lazyBytes } from "./lazy-bytes";
import type { Graph } from "../../onnx";
import { canSuspend, type Ort } from "./runtime";

/** Otherwise ONNX Runtime warns about every shape operator that it leaves to the CPU, as it should. */
const LOG_ERRORS_ONLY = 3;

/**
 * Prepares a graph on a GPU, or on the CPU without one. Only on the CPU, `expand` expands its weights. Results stay on the
 * GPU unless `readBack` is set. Throws like `requireFitness`.
 */
export async function createSession(
  ort: Ort,
  files: GraphWithWeights & { readonly graph: Graph },
  gpu: Pick<GpuDevice, "device" | "abilities"> | undefined,
  options: { readonly signal: AbortSignal; readonly expand: boolean; readonly readBack?: boolean },
): Promise<InferenceSession> {
  if (!gpu) {
    const { graphBytes, external } = options.expand ? await expandWeights(files, options) : files;
    return ort.InferenceSession.create(graphBytes, {
      externalData: lazily(external),
      logSeverityLevel: LOG_ERRORS_ONLY,
      executionProviders: ["wasm"],
      ...(options.expand && foldsMatrices(files.graph) && { extra: folding() }),
    });
  }
  const { device, abilities } = gpu;
  requireFitness(files.graph, abilities);
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
): { plain: KvCacheFactory<SequenceCache>; inPlace: KvCacheFactory<SequenceCache> | undefined } {
  const memory = device ? gpuMemory(ort, device) : arrayMemory(ort);
  const shared = { ort, memory, spec, maxTokens: contextLength };
  const make = (inPlace: boolean) => () => new SequenceCache({ ...shared, inPlace });
  return { plain: make(false), inPlace: device && spec.inPlacePossible ? make(true) : undefined };
}
