/** Watches over the steps that a worker computes for others: none may take much longer than its layers were measured to. */
import {
  ANSWERS_AT_ONCE,
  type HiddenState,
  type StageForward,
  type StageInfo,
  type StageService,
} from "../../inference";

/** A step may take this many times as long as it was measured, plus this many ms: devices get hot, and share their cores. */
const MOST_TIMES = 10;
const ALLOWANCE_MS = 2_000;
/** The clock: beats, so that a device that slept does not count its sleep. */
const BEAT_MS = 500;

interface Pending {
  readonly service: StageService;
  readonly consumer: string;
  /** A single token may share a run with others of its stage. */
  readonly isSingle: boolean;
  readonly measuredMs: number;
  elapsedMs: number;
}

/**
 * Times the steps of all stages of one worker, which computes one after another, in the order in which they come, or single
 * tokens of one stage together. They wait while it loads something, which is not their fault.
 */
export class StepWatchdog {
  /** Oldest first: that is the one that runs. */
  readonly #pending = new Set<Pending>();
  readonly #onStuck: (consumer: string) => void;
  readonly #isLoading: () => boolean;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** `onStuck` hears whose step has taken too long; the worker has to be ended then. */
  constructor(options: { isLoading(): boolean; onStuck(consumer: string): void }) {
    this.#isLoading = () => options.isLoading();
    this.#onStuck = (consumer) => options.onStuck(consumer);
  }

  /** The service of a stage, watched. */
  over(service: StageService, info: StageInfo, consumer: string): StageService {
    return {
      forward: (step, options) => this.#forward(service, info, consumer, step, options),
      end: (sequence) => service.end(sequence),
    };
  }

  /** Forgets all steps, as when the worker is gone. */
  clear(): void {
    this.#pending.clear();
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #forward(
    service: StageService,
    { decodeMs, prefillMs }: StageInfo,
    consumer: string,
    step: StageForward,
    options: { signal: AbortSignal },
  ): Promise<HiddenState> {
    const measuredMs = Math.max(decodeMs, prefillMs * step.count);
    const pending: Pending = { service, consumer, isSingle: step.count === 1, measuredMs, elapsedMs: 0 };
    this.#pending.add(pending);
    this.#timer ??= setInterval(() => this.#beat(), BEAT_MS);
    try {
      return await service.forward(step, options);
    } finally {
      this.#pending.delete(pending);
      if (this.#pending.size === 0) this.clear();
    }
  }

  #beat(): void {
    const [running] = this.#pending;
    if (!running || this.#isLoading()) return;
    running.elapsedMs += BEAT_MS;
    if (running.elapsedMs <= this.#limitMs(running)) return;
    this.clear();
    this.#onStuck(running.consumer);
  }

  #limitMs(running: Pending): number {
    const { service, isSingle, measuredMs } = running;
    const singles = [...this.#pending].filter((other) => other.isSingle && other.service === service).length;
    // They may share a run, and each may be computed alone for comparison.
    const together = isSingle ? Math.min(singles, ANSWERS_AT_ONCE) : 1;
    return MOST_TIMES * measuredMs * together + ALLOWANCE_MS;
  }
}
