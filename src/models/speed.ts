/**
 * Estimates how fast a model would answer on this device, from what another model has been measured at. Decoding reads
 * all weights once for each token, so the time of a token grows with their bytes.
 */
import type { Backend, DeviceInfo, EngineName } from "../inference";
import { expectedBackend } from "./info";
import type { ModelInfo } from "./types";

/** A model that has answered on this device. */
export interface SpeedSample {
  readonly engine: EngineName;
  readonly backend: Backend;
  /** Bytes of its files; nearly all of them are weights. */
  readonly bytes: number;
  readonly tokensPerSecond: number;
}

/**
 * Models up to this size, bytes, have their weights expanded to 32 bits on the CPU (`inference/onnx/expand-weights.ts`)
 * and mostly stay in its caches.
 */
const SMALL_BYTES = 40e6;
/**
 * How many times as long a byte of a larger model takes on the CPU as one of a small model. Measured on one thread with the
 * shape of SmolLM2 135M in 8 bits, which CPUs take: 123 ms, while the built-in model, 5.6 MB, takes some 2.5 ms. A model
 * that exists in 4 bits only takes some five times as long.
 */
const LARGE_ON_CPU = 2;
/** A small model's token takes a GPU as long as starting its work. A larger model has some three times as many layers. */
const GPU_START_FACTOR = 3;
/** Bytes that a GPU reads per second; what an ordinary one reaches in a browser, until a large model has been measured. */
const GPU_BYTES_PER_SECOND = 40e9;
const MOBILE_GPU_BYTES_PER_SECOND = 12e9;

/**
 * About how many tokens per second a model gives here; undefined if its size is unknown or nothing has been measured on
 * its backend. Of the samples, one of the same engine counts, and of these the largest, since it is the most like a model worth having.
 */
export function expectedRate(
  model: Pick<ModelInfo, "engine" | "downloadBytes">,
  device: DeviceInfo,
  samples: readonly SpeedSample[],
): number | undefined {
  const { downloadBytes: bytes } = model;
  const backend = expectedBackend(model, device);
  const isSame = ({ engine }: SpeedSample): number => Number(engine === model.engine);
  const [sample] = samples
    .filter((other) => other.backend === backend)
    .sort((a, b) => isSame(b) - isSame(a) || b.bytes - a.bytes);
  if (bytes === undefined || !sample) return undefined;
  const sampleMs = 1000 / sample.tokensPerSecond;
  if (backend === "wasm") return 1000 / ((sampleMs * workOnCpu({ ...model, bytes })) / workOnCpu(sample));
  if (sample.bytes > SMALL_BYTES) return (sample.tokensPerSecond * sample.bytes) / bytes;
  const bytesPerSecond = device.mobile ? MOBILE_GPU_BYTES_PER_SECOND : GPU_BYTES_PER_SECOND;
  return 1000 / (sampleMs * GPU_START_FACTOR + (1000 * bytes) / bytesPerSecond);
}

function workOnCpu({ engine, bytes }: Pick<SpeedSample, "engine" | "bytes">): number {
  return engine === "onnx" && bytes <= SMALL_BYTES ? bytes : bytes * LARGE_ON_CPU;
}
