/**
 * The link from a stage, or from the consumer, to the next stage: sends steps, and sends them again to a replacement.
 */
import { type Did, errorToData } from "../../core";
import type { HiddenState } from "../../inference";
import type { ReceivedStageBody, StageLanes } from "../../room";
import { MAX_KEPT_BYTES, type RingStep, StepHistory } from "./history";
import type { RingNeighbour } from "./neighbour";
import { SendQueue } from "./send-queue";

/** Sends steps to the next stage of a ring. */
export class NextLink {
  readonly #traffic: StageLanes;
  readonly #pipeline: string;
  readonly #onLost: (sequence: string) => void;
  readonly #history = new StepHistory(MAX_KEPT_BYTES);
  /** Replaced whenever the neighbour changes. */
  #queue: SendQueue;
  #sent = 0;

  /**
   * `onLost` is called if steps of a sequence had to be dropped because the neighbour accepts nothing; the sequence has
   * to be read again.
   */
  constructor(traffic: StageLanes, pipeline: string, next: RingNeighbour, onLost: (sequence: string) => void) {
    this.#traffic = traffic;
    this.#pipeline = pipeline;
    this.#onLost = onLost;
    this.#queue = this.#queueTo(next);
  }

  /** Number of steps sent so far; steps that were sent again count twice. */
  get sent(): number {
    return this.#sent;
  }

  /** Whether a step waits to be sent. */
  waits(step: number): boolean {
    return this.#queue.waits(step);
  }

  /** Keeps a step, and sends it unless the stages behind this one know it already. */
  give(step: RingStep, options: { readonly known: boolean }): void {
    this.#history.add(step);
    if (!options.known) this.#push(step);
  }

  end(sequence: string): void {
    this.#history.end(sequence);
    // Sending the rest of its steps would be useless.
    if (!this.#queue.push({ ended: sequence })) this.#queue.drop(sequence);
  }

  /**
   * Switches to another neighbour and sends it everything again. Steps that are neither in `open` nor as late as
   * `openFrom` need to go only up to layer `upTo`. Returns the sequences whose history is incomplete.
   */
  reroute(
    next: RingNeighbour,
    options: { readonly upTo: number; readonly open: readonly number[]; readonly openFrom: number },
  ): readonly string[] {
    const { upTo, openFrom } = options;
    const open = new Set(options.open);
    this.#queue.close();
    this.#queue = this.#queueTo(next);
    return this.#history.sequences.filter((sequence) => {
      const steps = this.#history.of(sequence);
      for (const step of steps ?? []) {
        this.#push(open.has(step.step) || step.step >= openFrom ? step : { ...step, upTo });
      }
      return steps === undefined;
    });
  }

  /** Stops sending. */
  close(): void {
    this.#queue.close();
  }

  #push(step: RingStep): void {
    if (this.#queue.push(step)) return;
    const { sequence } = step;
    this.#history.forget(sequence);
    this.#queue.drop(sequence);
    this.#onLost(sequence);
  }

  #queueTo(to: RingNeighbour): SendQueue {
    return new SendQueue({ traffic: this.#traffic, pipeline: this.#pipeline, to, onSent: () => this.#sent++ });
  }
}

/** The hidden state that a frame carries. */
export function hiddenOf({ tensors }: ReceivedStageBody<"stage.forward">): HiddenState {
  return tensors.map(({ name, dtype, bytes }) => ({ name, type: dtype, bytes }));
}

/** Reports to the consumer that a step, or a sequence, is lost here. */
export function tellFailure(
  traffic: StageLanes,
  consumer: Did,
  place: { readonly pipeline: string; readonly sequence: string; readonly step?: number },
  error: unknown,
): void {
  const { code, message } = errorToData(error);
  traffic.post(consumer, "stage.failed", { ...place, code, message: message.slice(0, 500) });
}
