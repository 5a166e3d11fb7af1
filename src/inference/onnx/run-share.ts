/** How many sequences should share a run on a device of a ring: enough to save work, and few enough to keep the others busy. */

/** Weight of the newest measurement in an average, so that it follows changes of the ring. */
const WEIGHT = 0.2;
/** A sequence that stays away for this number of rounds has ended, or is left alone by its user. */
const PATIENCE = 4;
/** The same before the length of a round is known, ms. */
const FIRST_PATIENCE_MS = 10_000;

/**
 * In a ring, sequences that share a run leave together and come back together, and the other devices idle meanwhile. If all of
 * them did, one device would compute at a time. A run should thus take this device's share of the sequences: as many groups as
 * fit into a round are under way then. A round is a run and the time away, with the links and with waiting elsewhere; on links
 * that take much longer than a run, nobody has to share. Only single tokens count.
 */
export class RunShare {
  readonly #now: () => number;
  /** The sequences that are away, and since when. */
  readonly #away = new Map<unknown, number>();
  #runMs: number | undefined;
  #awayMs: number | undefined;

  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /** The next token of a sequence is here. */
  came(sequence: unknown): void {
    this.#forgetLost();
    const since = this.#away.get(sequence);
    if (since === undefined) return;
    this.#away.delete(sequence);
    this.#awayMs = average(this.#awayMs, this.#now() - since);
  }

  /** A sequence leaves after a run of `runMs`. */
  left(sequence: unknown, runMs: number): void {
    this.#away.set(sequence, this.#now());
    this.#runMs = average(this.#runMs, runMs);
  }

  /** The number of sequences for the next run, at least 1; fewer may wait. */
  of(waiting: number): number {
    this.#forgetLost();
    if (this.#awayMs === undefined || this.#runMs === undefined) return 1;
    const share = this.#runMs / (this.#runMs + this.#awayMs);
    return Math.max(1, Math.ceil((waiting + this.#away.size) * share));
  }

  #forgetLost(): void {
    const known = this.#runMs !== undefined && this.#awayMs !== undefined;
    const patienceMs = known ? PATIENCE * (this.#runMs! + this.#awayMs!) : FIRST_PATIENCE_MS;
    const now = this.#now();
    for (const [sequence, since] of this.#away) if (now - since > patienceMs) this.#away.delete(sequence);
  }
}

function average(before: number | undefined, newest: number): number {
  return before === undefined ? newest : before + WEIGHT * (newest - before);
}
