/** Keeps steps from a neighbour that the consumer has not named yet. */
import type { Did } from "../../core";
import type { ReceivedStageBody } from "../../room";
import type { RingNeighbour } from "./neighbour";

/** Every node that knows the pipeline's id can send such steps. This is the limit for one sender: */
const MAX_STEPS_EACH = 64;
const MAX_BYTES_EACH = 16 * 2 ** 20;
/**
 * The limit for all senders. The sender with the most steps gives way, so that many strangers cannot displace an honest
 * one.
 */
const MAX_STEPS = 2 * MAX_STEPS_EACH;
const MAX_BYTES = 2 * MAX_BYTES_EACH;

type Step = ReceivedStageBody<"stage.forward">;

/** Early steps, limited per sender and in total. Dropped steps show as a gap and are read again. */
export class EarlySteps {
  readonly #steps = new Map<Did, Step[]>();

  /** Keeps a step if there is room for it. */
  add(from: Did, step: Step): void {
    const own = this.#steps.get(from) ?? [];
    if (own.length >= MAX_STEPS_EACH || bytesOf([...own, step]) > MAX_BYTES_EACH) return;
    this.#steps.set(from, [...own, step]);
    while (this.#isFull) this.#dropLargest();
  }

  /** Whether a step from this neighbour waits here. */
  has(step: number, { did, attempt }: RingNeighbour): boolean {
    return this.#steps.get(did)?.some((early) => early.step === step && early.attempt === attempt) ?? false;
  }

  /** Removes and returns all steps; those of one sender are in the order of their arrival. */
  take(): readonly { readonly from: Did; readonly step: Step }[] {
    const all = [...this.#steps].flatMap(([from, steps]) => steps.map((step) => ({ from, step })));
    this.#steps.clear();
    return all;
  }

  get #isFull(): boolean {
    const all = [...this.#steps.values()].flat();
    return all.length > MAX_STEPS || bytesOf(all) > MAX_BYTES;
  }

  #dropLargest(): void {
    const share = (steps: readonly Step[]): number => steps.length / MAX_STEPS + bytesOf(steps) / MAX_BYTES;
    const [largest] = [...this.#steps].reduce((one, other) => (share(other[1]) > share(one[1]) ? other : one));
    this.#steps.delete(largest);
  }
}

function bytesOf(steps: readonly Step[]): number {
  return steps.flatMap(({ tensors }) => tensors).reduce((sum, { bytes }) => sum + bytes.length, 0);
}
