/**
 * Which steps of which sequences came to a stage. Neighbours number the steps of a sequence upwards, so what comes a second
 * time shows: where somebody has made a loop of stages, neither a step nor an end goes around it for ever.
 */

/** Sequences that are known, those included that have ended; consumers have far fewer at once. */
const MAX_SEQUENCES = 1_024;

/** The steps that one neighbour has given under one attempt. */
export class SequenceLog {
  /** The latest stand last. */
  readonly #sequences = new Map<string, { readonly last: number; readonly live: boolean }>();
  /** The highest number of those that are not known any more: whatever is new has a higher one. */
  #floor = -1;

  /** The number of the last step of a sequence, or one that every new step exceeds. */
  last(sequence: string): number {
    return this.#sequences.get(sequence)?.last ?? this.#floor;
  }

  /** A step is taken. */
  note(sequence: string, step: number): void {
    this.#sequences.delete(sequence);
    this.#sequences.set(sequence, { last: step, live: true });
    if (this.#sequences.size <= MAX_SEQUENCES) return;
    const [oldest] = this.#sequences.keys();
    this.#floor = Math.max(this.#floor, this.last(oldest!));
    this.#sequences.delete(oldest!);
  }

  /** A step was not read after all: what was last before stands again, unless another came meanwhile. */
  undo(sequence: string, step: number, before: number): void {
    const one = this.#sequences.get(sequence);
    if (one?.last === step) this.#sequences.set(sequence, { ...one, last: before });
  }

  /** Ends a sequence; false where it is not known, or has ended already. */
  end(sequence: string): boolean {
    const one = this.#sequences.get(sequence);
    if (!one?.live) return false;
    this.#sequences.set(sequence, { ...one, live: false });
    return true;
  }

  /** From a new neighbour all may come again. */
  renew(): void {
    this.#floor = -1;
    for (const [sequence, { live }] of this.#sequences) {
      if (live) this.#sequences.set(sequence, { last: -1, live });
      else this.#sequences.delete(sequence);
    }
  }
}
