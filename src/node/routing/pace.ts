/** Measures the pace of an answer, so that a slow provider is noticed even while it claims to be working. */

/** With fewer tokens than this, a rate says little … */
const MIN_TOKENS = 8;
/** … unless it was measured for this long. */
const MIN_WATCHED_MS = 2_000;

/** Counts tokens and the time spent waiting for them. Time that the reader takes is not counted. */
export class Pace {
  readonly #now: () => number;
  #tokens = 0;
  /** Time of finished waits, and of those before the first token. */
  #waitedMs = 0;
  #firstTokenMs: number | undefined;
  #waitingSince: number | undefined;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** A wait for the provider begins. */
  wait(): void {
    this.#waitingSince ??= this.#now();
  }

  /** Something arrived: `tokens` of the answer, or an event without tokens. */
  came(tokens: number): void {
    this.#waitedMs = this.waitedMs;
    this.#waitingSince = undefined;
    if (tokens > 0) this.#firstTokenMs ??= this.#waitedMs;
    this.#tokens += tokens;
  }

  get tokens(): number {
    return this.#tokens;
  }

  /** Time that was spent waiting so far. */
  get waitedMs(): number {
    const since = this.#waitingSince;
    return this.#waitedMs + (since === undefined ? 0 : this.#now() - since);
  }

  /** Time to the first token; undefined before it. */
  get firstTokenMs(): number | undefined {
    return this.#firstTokenMs;
  }

  /** Time per token; undefined until it can be measured. */
  get msPerToken(): number | undefined {
    if (this.#firstTokenMs === undefined) return undefined;
    const writingMs = this.waitedMs - this.#firstTokenMs;
    if (this.#tokens < MIN_TOKENS && writingMs < MIN_WATCHED_MS) return undefined;
    return writingMs / this.#tokens;
  }

  /**
   * Expected time for `tokensLeft` at the present pace. An answer that has not begun is expected to take as long again.
   */
  remainingMs(tokensLeft: number): number {
    if (this.#firstTokenMs === undefined) return this.waitedMs;
    return (tokensLeft * (this.waitedMs - this.#firstTokenMs)) / this.#tokens;
  }
}
