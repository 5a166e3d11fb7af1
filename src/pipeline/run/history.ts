/** Keeps the steps that were given to the next stage, so that a replacement can be given them again. */
import type { StageForward } from "../../inference";

/** Memory for kept steps, and for waiting ones, so that a node can accept all that another has kept. */
export const MAX_KEPT_BYTES = 128 * 2 ** 20;
/** Memory of a step beside its numbers, in bytes: objects, and the rest of the frame that they are a view into. */
export const STEP_BYTES = 512;
/** Maximum number of incomplete sequences that are remembered; consumers have far fewer. */
const MAX_CUT = 1_024;

/** A step that travels around the ring. */
export interface RingStep extends StageForward {
  /** Its number, as counted by the consumer. */
  readonly step: number;
  /** The layer after the last one that it goes through; undefined if it goes all the way around. */
  readonly upTo?: number;
}

/** The steps of all sequences, oldest first, within a memory limit. */
export class StepHistory {
  readonly #maxBytes: number;
  readonly #steps = new Map<string, RingStep[]>();
  /** Sequences of which steps had to be dropped. */
  readonly #cut = new Set<string>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Number of bytes that are held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a step and forgets the tokens that it takes back. If memory runs out, the longest sequence is forgotten. */
  add(step: RingStep): void {
    const { sequence, keep } = step;
    const steps = this.#steps.get(sequence) ?? [];
    // Only the last steps can reach past `keep`, so a long answer is not scanned at each of its tokens.
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

  /** Drops a sequence and remembers that it is incomplete. */
  forget(sequence: string): void {
    this.#drop(sequence);
    this.#cut.add(sequence);
    const [oldest] = this.#cut;
    if (this.#cut.size > MAX_CUT) this.#cut.delete(oldest!);
  }

  /** All steps that lead to the current state of a sequence; undefined if some were dropped. */
  of(sequence: string): readonly RingStep[] | undefined {
    return this.#cut.has(sequence) ? undefined : (this.#steps.get(sequence) ?? []);
  }

  /** All sequences that are kept or incomplete. */
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

/** Memory that steps take, in bytes. */
export function bytesOf(steps: readonly Pick<RingStep, "hidden">[]): number {
  return steps.reduce(
    (sum, { hidden }) => sum + hidden.reduce((bytes, tensor) => bytes + tensor.bytes.length, STEP_BYTES),
    0,
  );
}
