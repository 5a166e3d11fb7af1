/** How many sequences should share a run on a device of a ring: enough to save work, and few enough to keep the others busy. */

/** Weight of the newest measurement in an average, so that it follows changes of the ring. */
const WEIGHT = 0.2;
/** A sequence that stays away for this number of rounds has probably ended, or is left alone by its user. */
const PATIENCE = 4;
/** After this time in ms, its return tells nothing about the ring. */
const FORGOTTEN_MS = 10_000;

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
    const since = this.#away.get(sequence);
    if (since === undefined) return;
    this.#away.delete(sequence);
    // A ring that has become much slower is believed step by step, since it may be the user who was slow.
    this.#awayMs = average(this.#awayMs, Math.min(this.#now() - since, this.#patienceMs));
  }

  /** A sequence leaves after a run of `runMs`. */
  left(sequence: unknown, runMs: number): void {
    const now = this.#now();
    for (const [other, since] of this.#away) if (now - since > FORGOTTEN_MS) this.#away.delete(other);
    this.#away.set(sequence, now);
    this.#runMs = average(this.#runMs, runMs);
  }

  /** The number of sequences for the next run, at least 1; fewer may wait. */
  of(waiting: number): number {
    if (this.#awayMs === undefined || this.#runMs === undefined) return 1;
    const [now, patienceMs] = [this.#now(), this.#patienceMs];
    const expected = [...this.#away.values()].filter((since) => now - since <= patienceMs).length;
    return Math.max(1, Math.ceil(((waiting + expected) * this.#runMs) / (this.#runMs + this.#awayMs)));
  }

  get #patienceMs(): number {
    const known = this.#awayMs !== undefined && this.#runMs !== undefined;
    return known ? PATIENCE * (this.#runMs! + this.#awayMs!) : FORGOTTEN_MS;
  }
}

function average(before: number | undefined, newest: number): number {
  return before === undefined ? newest : before + WEIGHT * (newest - before);
}
