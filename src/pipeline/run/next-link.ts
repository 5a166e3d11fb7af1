/** The way from a stage, or from the consumer, to the next one: sends steps, and again to whoever takes its place. */
import { type Did, errorToData } from "../../core";
import type { HiddenState } from "../../inference";
import type { ReceivedStageBody, StageLanes } from "../../room";
import { MAX_KEPT_BYTES, type RingStep, StepHistory } from "./history";
import type { RingNeighbour } from "./neighbour";
import { SendQueue } from "./send-queue";

/** One direction of a ring. */
export class NextLink {
  readonly #traffic: StageLanes;
  readonly #pipeline: string;
  readonly #onLost: (sequence: string) => void;
  readonly #history = new StepHistory(MAX_KEPT_BYTES);
  /** Replaced with the neighbour. */
  #line: SendQueue;
  #sent = 0;

  /** `onLost`: some of a sequence had to be dropped, since the neighbour takes nothing; it is to be read again. */
  constructor(traffic: StageLanes, pipeline: string, next: RingNeighbour, onLost: (sequence: string) => void) {
    this.#traffic = traffic;
    this.#pipeline = pipeline;
    this.#onLost = onLost;
    this.#line = this.#lineTo(next);
  }

  /** Steps that were sent so far, counting those twice that were given again. */
  get sent(): number {
    return this.#sent;
  }

  /** Whether a step waits for the line. */
  waits(step: number): boolean {
    return this.#line.waits(step);
  }

  /** Keeps a step, and sends it unless the stages behind know it already. */
  give(step: RingStep, options: { readonly known: boolean }): void {
    this.#history.add(step);
    if (!options.known) this.#push(step);
  }

  end(sequence: string): void {
    this.#history.end(sequence);
    // What is left of its steps would be read in vain.
    if (!this.#line.push({ ended: sequence })) this.#line.drop(sequence);
  }

  /**
   * Goes on to another neighbour, which is given everything again: steps that are neither `open` nor as late as `openFrom`
   * up to layer `upTo` only.
   * Gives the sequences of which too much was forgotten for that.
   */
  reroute(
    next: RingNeighbour,
    options: { readonly upTo: number; readonly open: readonly number[]; readonly openFrom: number },
  ): readonly string[] {
    const { upTo, openFrom } = options;
    const open = new Set(options.open);
    this.#line.close();
    this.#line = this.#lineTo(next);
    return this.#history.sequences.filter((sequence) => {
      const steps = this.#history.of(sequence);
      for (const step of steps ?? []) {
        this.#push(open.has(step.step) || step.step >= openFrom ? step : { ...step, upTo });
      }
      return steps === undefined;
    });
  }

  /** Sends nothing more. */
  close(): void {
    this.#line.close();
  }

  #push(step: RingStep): void {
    if (this.#line.push(step)) return;
    const { sequence } = step;
    this.#history.forget(sequence);
    this.#line.drop(sequence);
    this.#onLost(sequence);
  }

  #lineTo(to: RingNeighbour): SendQueue {
    return new SendQueue({ traffic: this.#traffic, pipeline: this.#pipeline, to, onSent: () => this.#sent++ });
  }
}

/** The hidden state that a frame carries. */
export function hiddenOf({ tensors }: ReceivedStageBody<"stage.forward">): HiddenState {
  return tensors.map(({ name, dtype, bytes }) => ({ name, type: dtype, bytes }));
}

/** Tells the consumer that a step, or a sequence, is lost here. */
export function tellFailure(
  traffic: StageLanes,
  consumer: Did,
  place: { readonly pipeline: string; readonly sequence: string; readonly step?: number },
  error: unknown,
): void {
  const { code, message } = errorToData(error);
  traffic.post(consumer, "stage.failed", { ...place, code, message: message.slice(0, 500) });
}
