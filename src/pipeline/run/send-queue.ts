/** A queue of steps for a neighbour: sends them one by one, at a limited rate and within a memory limit. */
import { sleep } from "../../core";
import { type StageLanes, stepPace } from "../../room";
import type { RingNeighbour } from "./neighbour";
import { MAX_KEPT_BYTES, type RingStep, STEP_BYTES, bytesOf } from "./history";

/** Wait between two attempts to send more, in ms. */
const PAUSE_MS = 50;

/** An item for a neighbour: a step, or the end of a sequence. */
type SendItem = RingStep | { readonly ended: string };

interface SendQueueOptions {
  readonly traffic: StageLanes;
  readonly pipeline: string;
  readonly to: RingNeighbour;
  /** Called for each item that was sent. */
  onSent(): void;
}

/** The queue for one neighbour. */
export class SendQueue {
  readonly #options: SendQueueOptions;
  readonly #bucket = stepPace();
  readonly #stop = new AbortController();
  /** The first one is being sent. */
  #items: SendItem[] = [];
  #bytes = 0;

  constructor(options: SendQueueOptions) {
    this.#options = options;
  }

  /** Whether a step waits here. */
  waits(step: number): boolean {
    return this.#items.some((item) => "step" in item && item.step === step);
  }

  /** Adds an item to the end of the queue; false if there is no memory for it. */
  push(item: SendItem): boolean {
    const bytes = this.#bytes + costOf(item);
    if (bytes > MAX_KEPT_BYTES) return false;
    this.#bytes = bytes;
    this.#items.push(item);
    if (this.#items.length === 1) void this.#send();
    return true;
  }

  /** Removes the waiting items of a sequence. */
  drop(sequence: string): void {
    this.#items = this.#items.filter((item, index) => {
      const stays = index === 0 || sequenceOf(item) !== sequence;
      if (!stays) this.#bytes -= costOf(item);
      return stays;
    });
  }

  /** Stops sending. */
  close(): void {
    this.#stop.abort();
  }

  /** Sends each item when the link has accepted the one before: a long text at once would be too much for it. */
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
        // If the link ends, the consumer notices and repairs the ring.
      }
      onSent();
      this.#items.shift();
      this.#bytes -= costOf(item);
    }
  }
}

const sequenceOf = (item: SendItem): string => ("ended" in item ? item.ended : item.sequence);
const costOf = (item: SendItem): number => ("ended" in item ? STEP_BYTES : bytesOf([item]));

function bodyOf({ step, sequence, keep, count, hidden, upTo }: RingStep) {
  const tensors = hidden.map(({ name, type, bytes }) => ({ name, dtype: type, bytes }));
  return { step, sequence, keep, count, tensors, ...(upTo !== undefined && { upTo }) };
}
