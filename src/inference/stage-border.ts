/** Stages across the border of the engine worker: hidden states are handed over instead of being copied. */
import { asService, release, transfer } from "../border";
import { onAbort } from "../core";
import type { HiddenState, StageForward, StageService } from "./stages";

/** A `StageService` whose calls cross the border. */
export interface StageCalls {
  forward(step: StageForward, options: { readonly signal: AbortSignal }): Promise<HiddenState>;
  end(sequence: string): Promise<void>;
}

/** The service as the other side gets it. */
export function sendStage(service: StageService): StageCalls {
  return asService<StageCalls>({
    async forward(step, options) {
      const hidden = await service.forward(step, options);
      return transfer(hidden, buffersOf(hidden));
    },
    async end(sequence) {
      service.end(sequence);
    },
  });
}

/**
 * A service of the other side. `forward` takes the bytes of its step: they cannot be used afterwards. When `closed` is
 * aborted, everything that waits rejects with its reason, and the service is released.
 */
export function receiveStage(calls: StageCalls, closed: AbortSignal): StageService {
  onAbort(closed, () => release(calls));
  return {
    forward: (step, { signal }) =>
      calls.forward(transfer(step, buffersOf(step.hidden)), { signal: AbortSignal.any([signal, closed]) }),
    end(sequence) {
      // A side that is gone has freed the sequence.
      calls.end(sequence).catch(() => undefined);
    },
  };
}

/** Buffers that can be handed over: those that hold nothing else. */
function buffersOf(hidden: HiddenState): ArrayBuffer[] {
  const whole = hidden.filter(({ bytes }) => bytes.byteLength === bytes.buffer.byteLength);
  return [...new Set(whole.map(({ bytes }) => bytes.buffer))];
}
