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

/** What goes to a neighbour: a step, or the end of a sequence. */
type Item = RingStep | { readonly ended: string };

/** One direction of a ring. */
export class Edge {
  readonly #traffic: StageTraffic;
  readonly #pipeline: string;
  readonly #history = new StepHistory(MAX_HISTORY_BYTES);
  #next: Neighbour;
  /** What waits for the line to the neighbour, that included which is just being sent; replaced with the neighbour. */
  #line: Item[] = [];
  #sent = 0;

  constructor(traffic: StageTraffic, pipeline: string, next: Neighbour) {
    this.#traffic = traffic;
    this.#pipeline = pipeline;
    this.#next = next;
  }

  /** Steps that were sent so far, counting those twice that were given again. */
  get sent(): number {
    return this.#sent;
  }

  /** Whether a step waits for the line. */
  waits(step: number): boolean {
    return this.#line.some((item) => "step" in item && item.step === step);
  }

  /** Keeps a step, and sends it unless the stages behind know it already. */
  give(step: RingStep, options: { readonly known: boolean }): void {
    this.#history.add(step);
    if (!options.known) this.#push([step]);
  }

  end(sequence: string): void {
    this.#history.end(sequence);
    this.#push([{ ended: sequence }]);
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
    this.#line = [];
    return this.#history.sequences.filter((sequence) => {
      const steps = this.#history.of(sequence);
      this.#push(
        (steps ?? []).map((step) => (open.has(step.step) || step.step >= openFrom ? step : { ...step, upTo })),
      );
      return steps === undefined;
    });
  }

  #push(items: readonly Item[]): void {
    const idle = this.#line.length === 0;
    this.#line.push(...items);
    if (idle) void this.#send(this.#line, this.#next);
  }

  /** Sends what waits, each when the line has taken the one before: a long text would be too much for it at once. */
  async #send(line: Item[], { did, attempt }: Neighbour): Promise<void> {
    const pipeline = this.#pipeline;
    for (let item = line[0]; item; item = line[0]) {
      try {
        if ("ended" in item) await this.#traffic.send(did, "stage.end", { pipeline, sequence: item.ended });
        else await this.#traffic.send(did, "stage.forward", { pipeline, attempt, ...bodyOf(item) });
      } catch {
        // A link that ends tells the consumer, which repairs the ring.
      }
      this.#sent++;
      line.shift();
      if (line !== this.#line) return;
    }
  }
}

function bodyOf({ step, sequence, keep, count, hidden, upTo }: RingStep) {
  const tensors = hidden.map(({ name, type, bytes }) => ({ name, dtype: type, bytes }));
  return { step, sequence, keep, count, tensors, ...(upTo !== undefined && { upTo }) };
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
