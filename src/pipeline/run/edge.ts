/** The way from a stage, or from the consumer, to the next one: sends steps, and again to whoever takes its place. */
import { type Did, errorToData } from "../../core";
import type { HiddenState } from "../../inference";
import type { ReceivedStageBody, StageTraffic } from "../../room";
import { type RingStep, StepHistory } from "./history";

/** Memory for what may have to be given again, in bytes. */
const MAX_HISTORY_BYTES = 128 * 2 ** 20;

/** Where steps go. */
export interface Neighbour {
  readonly did: Did;
  readonly attempt: number;
}

/** One direction of a ring. */
export class Edge {
  readonly #traffic: StageTraffic;
  readonly #pipeline: string;
  readonly #history = new StepHistory(MAX_HISTORY_BYTES);
  #next: Neighbour;

  constructor(traffic: StageTraffic, pipeline: string, next: Neighbour) {
    this.#traffic = traffic;
    this.#pipeline = pipeline;
    this.#next = next;
  }

  /** Keeps a step, and sends it unless the stages behind know it already. */
  give(step: RingStep, options: { readonly known: boolean }): void {
    this.#history.add(step);
    if (!options.known) this.#send(step);
  }

  end(sequence: string): void {
    this.#history.end(sequence);
    this.#traffic.post(this.#next.did, "stage.end", { pipeline: this.#pipeline, sequence });
  }

  /**
   * Goes on to another neighbour, which is given everything again: steps that are neither `open` nor as late as `openFrom`
   * up to layer `upTo` only.
   * Gives the sequences of which too much was forgotten for that.
   */
  reroute(
    next: Neighbour,
    options: { readonly upTo: number; readonly open: readonly number[]; readonly openFrom: number },
  ): readonly string[] {
    const { upTo, openFrom } = options;
    const open = new Set(options.open);
    this.#next = next;
    return this.#history.sequences.filter((sequence) => {
      const steps = this.#history.of(sequence);
      for (const step of steps ?? []) {
        this.#send(open.has(step.step) || step.step >= openFrom ? step : { ...step, upTo });
      }
      return steps === undefined;
    });
  }

  #send({ step, sequence, keep, count, hidden, upTo }: RingStep): void {
    const { did, attempt } = this.#next;
    const tensors = hidden.map(({ name, type, bytes }) => ({ name, dtype: type, bytes }));
    const body = { pipeline: this.#pipeline, attempt, step, sequence, keep, count, tensors };
    // A link that ends tells the consumer, which repairs the ring.
    this.#traffic.post(did, "stage.forward", { ...body, ...(upTo !== undefined && { upTo }) });
  }
}

/** The hidden state that a frame carries. */
export function hiddenOf({ tensors }: ReceivedStageBody<"stage.forward">): HiddenState {
  return tensors.map(({ name, dtype, bytes }) => ({ name, type: dtype, bytes }));
}

/** Tells the consumer that a step, or a sequence, is lost here. */
export function tellFailure(
  traffic: StageTraffic,
  consumer: Did,
  place: { readonly pipeline: string; readonly sequence: string; readonly step?: number },
  error: unknown,
): void {
  const { code, message } = errorToData(error);
  traffic.post(consumer, "stage.failed", { ...place, code, message: message.slice(0, 500) });
}
