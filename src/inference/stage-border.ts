/** Stages across the border of the engine worker: hidden states are handed over instead of being copied. */
import { asService, release, transfer } from "../border";
import type { HiddenState, StageService } from "./stages";

/** The service as the other side gets it. */
export function sendStage(service: StageService): StageService {
  return asService<StageService>({
    async forward(step, options) {
      const hidden = await service.forward(step, options);
      return transfer(hidden, buffersOf(hidden));
    },
    end: async (sequence) => service.end(sequence),
  });
}

/**
 * A service of the other side. `forward` takes the bytes of its step: they cannot be used afterwards. When `closed` is
 * aborted, everything that waits rejects with its reason, and the service is released.
 */
export function receiveStage(service: StageService, closed: AbortSignal): StageService {
  closed.addEventListener("abort", () => release(service), { once: true });
  return {
    forward: (step, { signal }) =>
      service.forward(transfer(step, buffersOf(step.hidden)), { signal: AbortSignal.any([signal, closed]) }),
    // A side that is gone has freed the sequence.
    end: async (sequence) => Promise.resolve(service.end(sequence)).catch(() => undefined),
  };
}

/** Buffers that can be handed over: those that hold nothing else. */
function buffersOf(hidden: HiddenState): ArrayBuffer[] {
  const whole = hidden.filter(({ bytes }) => bytes.byteLength === bytes.buffer.byteLength);
  return [...new Set(whole.map(({ bytes }) => bytes.buffer))];
}
