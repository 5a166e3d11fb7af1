/** Knows what a GPU must not be given: its shaders' errors say nothing, and some kernels compute wrong results without one. */
import { MicrogridError, formatBytes } from "../../core";
import { ELEMENT, type Graph, type GraphNode } from "../../onnx";

/** The abilities of a GPU that decide whether it can run a graph. */
export interface GpuAbilities {
  readonly features: readonly string[];
  readonly maxBufferSize: number;
  /** True for a software adapter. */
  readonly software: boolean;
}

/** An operator whose kernel is wrong on some adapters in a way that the self-check may miss. */
interface KnownFault {
  readonly op: string;
  readonly domain: string;
  readonly isOn: (gpu: GpuAbilities) => boolean;
  /** The adapters, for people. */
  readonly adapters: string;
  /** The fault; it completes “The operator QMoE …”. */
  readonly fault: string;
  /** How this is known. */
  readonly source: string;
}

const KNOWN_FAULTS: readonly KnownFault[] = [
  {
    op: "QMoE",
    domain: "com.microsoft",
    isOn: ({ software }) => software,
    adapters: "software WebGPU adapters",
    fault: "computes wrong results in about half of its runs",
    source: "ONNX Runtime Web 1.30 on SwiftShader, compared with the CPU: wrong in 45 % of the runs, by chance",
  },
];

/**
 * Throws `shader-f16-missing` if the graph computes with 16 bits and the GPU does not, and `gpu-unfit` if the graph has an
 * operator that is known to be wrong there, or a weight that is larger than the largest buffer.
 */
export function requireFitness(graph: Graph, gpu: GpuAbilities): void {
  const types = [...graph.inputs, ...graph.outputs, ...graph.initializers].map(({ type }) => type);
  if (types.includes(ELEMENT.float16) && !gpu.features.includes("shader-f16")) {
    throw new MicrogridError(
      "shader-f16-missing",
      "This variant computes with 16-bit numbers (shader-f16), which this GPU does not offer to the browser. Choose a variant without 16 bits, such as q4, or run it on the CPU (WASM).",
    );
  }
  const nodes = graph.nodes.flatMap(withInside);
  for (const { op, domain, isOn, adapters, fault } of KNOWN_FAULTS) {
    if (!isOn(gpu) || !nodes.some((node) => node.op === op && node.domain === domain)) continue;
    throw new MicrogridError(
      "gpu-unfit",
      `The operator ${op} of this model ${fault} on ${adapters}. Run the model on the CPU (WASM), or choose another one.`,
    );
  }
  const largest = largestWeight(graph);
  if (largest <= gpu.maxBufferSize) return;
  throw new MicrogridError(
    "gpu-unfit",
    `It needs ${formatBytes(largest)} in one piece, but this GPU gives at most ${formatBytes(gpu.maxBufferSize)} to the browser. Choose a smaller variant, or run it on the CPU (WASM).`,
  );
}

/** Bytes of the graph's largest weight, which has to fit in one buffer. */
export function largestWeight({ initializers }: Graph): number {
  return initializers.reduce((largest, { bytes = 0 }) => Math.max(largest, bytes), 0);
}

function withInside(node: GraphNode): readonly GraphNode[] {
  return [node, ...node.inside.flatMap(withInside)];
}
