/** What waits for the way to a neighbour: sent one after the other, no faster than it may be, and within a bound of memory. */
import { sleep } from "../../core";
import { type StageLanes, stepPace } from "../../room";
import type { RingNeighbour } from "./neighbour";
import { MAX_KEPT_BYTES, type RingStep, STEP_BYTES, bytesOf } from "./history";

/** Until some more may be sent, ms. */
const PAUSE_MS = 50;

/** What goes to a neighbour: a step, or the end of a sequence. */
type LineItem = RingStep | { readonly ended: string };

interface LineOptions {
  readonly traffic: StageLanes;
  readonly pipeline: string;
  readonly to: RingNeighbour;
  /** Called for each that was sent. */
  onSent(): void;
}

/** One neighbour's line. */
export class SendQueue {
  readonly #options: LineOptions;
  readonly #bucket = stepPace();
  readonly #stop = new AbortController();
  /** The first is just being sent. */
  #items: LineItem[] = [];
  #bytes = 0;

  constructor(options: LineOptions) {
    this.#options = options;
  }

  /** Whether a step waits here. */
  waits(step: number): boolean {
    return this.#items.some((item) => "step" in item && item.step === step);
  }

  /** Sends what stands behind all that waits; false where there is no room for it. */
  push(item: LineItem): boolean {
    const bytes = this.#bytes + costOf(item);
    if (bytes > MAX_KEPT_BYTES) return false;
    this.#bytes = bytes;
    this.#items.push(item);
    if (this.#items.length === 1) void this.#send();
    return true;
  }

  /** Leaves away what waits of a sequence. */
  drop(sequence: string): void {
    this.#items = this.#items.filter((item, index) => {
      const stays = index === 0 || sequenceOf(item) !== sequence;
      if (!stays) this.#bytes -= costOf(item);
      return stays;
    });
  }

  /** Sends nothing more. */
  close(): void {
    this.#stop.abort();
  }

  /** Each when the line has taken the one before: a long text would be too much for it at once. */
  async #send(): Promise<void> {
    const { traffic, pipeline, to, onSent } = this.#options;
    const { signal } = this.#stop;
    for (let item = this.#items[0]; item; item = this.#items[0]) {
      while (!signal.aborted && !this.#bucket.take(performance.now())) await sleep(PAUSE_MS, signal);
      if (signal.aborted) return;
      try {
        if ("ended" in item) await traffic.send(to.did, "stage.end", { pipeline, sequence: item.ended });
        else await traffic.send(to.did, "stage.forward", { pipeline, attempt: to.attempt, ...bodyOf(item) });
      } catch {
        // A link that ends tells the consumer, which repairs the ring.
      }
      onSent();
      this.#items.shift();
      this.#bytes -= costOf(item);
    }
  }
}

const sequenceOf = (item: LineItem): string => ("ended" in item ? item.ended : item.sequence);
const costOf = (item: LineItem): number => ("ended" in item ? STEP_BYTES : bytesOf([item]));

function bodyOf({ step, sequence, keep, count, hidden, upTo }: RingStep) {
  const tensors = hidden.map(({ name, type, bytes }) => ({ name, dtype: type, bytes }));
  return { step, sequence, keep, count, tensors, ...(upTo !== undefined && { upTo }) };
}
