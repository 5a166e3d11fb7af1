/** What was given to the next stage, kept so that it can be given again to one that takes its place. */
import type { StageForward } from "../../inference";

/** Memory for steps: for those that are kept here, and for those that wait. So a node takes all that another has kept. */
export const MAX_KEPT_BYTES = 128 * 2 ** 20;
/** What a step takes beside its numbers, bytes: objects, and the rest of the frame that they are a view into. */
export const STEP_BYTES = 512;
/** Sequences of which it is known that something was dropped; consumers have far fewer. */
const MAX_CUT = 1_024;

/** A step on its way around the ring. */
export interface RingStep extends StageForward {
  /** Its number, counted by the consumer. */
  readonly step: number;
  /** The last layer that it goes through, and one more; undefined: all the way around. */
  readonly upTo?: number;
}

/** Steps of all sequences, oldest first, within a bound of memory. */
export class StepHistory {
  readonly #maxBytes: number;
  readonly #steps = new Map<string, RingStep[]>();
  /** Sequences of which something had to be dropped. */
  readonly #cut = new Set<string>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes that are held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Notes a step; what it takes back is forgotten. Where memory ends, the longest sequence is forgotten whole. */
  add(step: RingStep): void {
    const { sequence, keep } = step;
    const steps = this.#steps.get(sequence) ?? [];
    // Only the last ones can reach past `keep`: a long answer is not walked through at each of its tokens.
    for (let last = steps.at(-1); last && last.keep + last.count > keep; last = steps.at(-1)) {
      steps.pop();
      this.#bytes -= bytesOf([last]);
      this.#push(steps, upTo(last, keep));
    }
    if (keep === 0) this.#cut.delete(sequence);
    if (!this.#cut.has(sequence)) this.#push(steps, [step]);
    if (steps.length > 0) this.#steps.set(sequence, steps);
    while (this.#bytes > this.#maxBytes && this.#steps.size > 0) this.forget(this.#longest());
  }

  /** Drops a sequence, and knows that it did. */
  forget(sequence: string): void {
    this.#drop(sequence);
    this.#cut.add(sequence);
    const [oldest] = this.#cut;
    if (this.#cut.size > MAX_CUT) this.#cut.delete(oldest!);
  }

  /** All steps that lead to where a sequence stands now; undefined where some were dropped. */
  of(sequence: string): readonly RingStep[] | undefined {
    return this.#cut.has(sequence) ? undefined : (this.#steps.get(sequence) ?? []);
  }

  /** Sequences that something is known of. */
  get sequences(): readonly string[] {
    return [...new Set([...this.#steps.keys(), ...this.#cut])];
  }

  end(sequence: string): void {
    this.#drop(sequence);
    this.#cut.delete(sequence);
  }

  #push(steps: RingStep[], more: readonly RingStep[]): void {
    steps.push(...more);
    this.#bytes += bytesOf(more);
  }

  #longest(): string {
    let longest = { sequence: "", bytes: -1 };
    for (const [sequence, steps] of this.#steps) {
      const bytes = bytesOf(steps);
      if (bytes > longest.bytes) longest = { sequence, bytes };
    }
    return longest.sequence;
  }

  #drop(sequence: string): void {
    this.#bytes -= bytesOf(this.#steps.get(sequence) ?? []);
    this.#steps.delete(sequence);
  }
}

/** The part of a step before token `end`: all of it, its first tokens, or nothing. */
function upTo(step: RingStep, end: number): RingStep[] {
  if (step.keep + step.count <= end) return [step];
  const count = end - step.keep;
  if (count <= 0) return [];
  const hidden = step.hidden.map((tensor) => ({
    ...tensor,
    bytes: tensor.bytes.slice(0, (tensor.bytes.length / step.count) * count),
  }));
  return [{ ...step, count, hidden }];
}

/** Memory that steps take, bytes. */
export function bytesOf(steps: readonly Pick<RingStep, "hidden">[]): number {
  return steps.reduce(
    (sum, { hidden }) => sum + hidden.reduce((bytes, tensor) => bytes + tensor.bytes.length, STEP_BYTES),
    0,
  );
}
