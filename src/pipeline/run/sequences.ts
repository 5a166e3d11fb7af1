/**
 * Records which steps of which sequences came to a stage. Neighbours number the steps of a sequence upwards, so
 * repeated steps are noticed: if a consumer has made a loop of stages, neither a step nor an end circulates in it.
 */

/** Maximum number of known sequences, including ended ones; consumers have far fewer at once. */
const MAX_SEQUENCES = 1_024;

/** The steps that one neighbour has sent under one attempt. */
export class SequenceLog {
  /** Oldest first. */
  readonly #sequences = new Map<string, { readonly last: number; readonly live: boolean }>();
  /** The highest number of the forgotten sequences; new steps have higher ones. */
  #floor = -1;

  /** The number of the last step of a sequence, or a number that every new step exceeds. */
  last(sequence: string): number {
    return this.#sequences.get(sequence)?.last ?? this.#floor;
  }

  /** Records a step. */
  note(sequence: string, step: number): void {
    this.#sequences.delete(sequence);
    this.#sequences.set(sequence, { last: step, live: true });
    if (this.#sequences.size <= MAX_SEQUENCES) return;
    const [oldest] = this.#sequences.keys();
    this.#floor = Math.max(this.#floor, this.last(oldest!));
    this.#sequences.delete(oldest!);
  }

  /**
   * Takes back a step that failed, so that the one before it is the last again, unless another step came in the
   * meantime.
   */
  undo(sequence: string, step: number, before: number): void {
    const one = this.#sequences.get(sequence);
    if (one?.last === step) this.#sequences.set(sequence, { ...one, last: before });
  }

  /** Ends a sequence; false if it is unknown or has ended already. */
  end(sequence: string): boolean {
    const one = this.#sequences.get(sequence);
    if (!one?.live) return false;
    this.#sequences.set(sequence, { ...one, live: false });
    return true;
  }

  /** Call this for a new neighbour, which may send all steps again. */
  renew(): void {
    this.#floor = -1;
    for (const [sequence, { live }] of this.#sequences) {
      if (live) this.#sequences.set(sequence, { last: -1, live });
      else this.#sequences.delete(sequence);
    }
  }
}
