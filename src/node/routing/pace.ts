/** How an answer comes along, so that a provider that keeps nobody's time is noticed while it still says that it works. */

/** Below so many tokens a rate says little … */
const MIN_TOKENS = 8;
/** … unless it was watched for so long. */
const MIN_WATCHED_MS = 2_000;

/** Counts tokens and the time that was spent waiting for them; the reader's own time is not the provider's fault. */
export class Pace {
  readonly #now: () => number;
  #tokens = 0;
  /** Waits that are over, and those of them before the first token. */
  #waitedMs = 0;
  #firstTokenMs: number | undefined;
  #waitingSince: number | undefined;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** From here on the provider is waited for. */
  wait(): void {
    this.#waitingSince ??= this.#now();
  }

  /** Something came: `tokens` of the answer, or news without any. */
  came(tokens: number): void {
    this.#waitedMs = this.waitedMs;
    this.#waitingSince = undefined;
    if (tokens > 0) this.#firstTokenMs ??= this.#waitedMs;
    this.#tokens += tokens;
  }

  get tokens(): number {
    return this.#tokens;
  }

  /** Time that was waited so far. */
  get waitedMs(): number {
    const since = this.#waitingSince;
    return this.#waitedMs + (since === undefined ? 0 : this.#now() - since);
  }

  /** Time to the first token; undefined before it. */
  get firstTokenMs(): number | undefined {
    return this.#firstTokenMs;
  }

  /** What a token takes; undefined before that can be told. */
  get msPerToken(): number | undefined {
    if (this.#firstTokenMs === undefined) return undefined;
    const writingMs = this.waitedMs - this.#firstTokenMs;
    if (this.#tokens < MIN_TOKENS && writingMs < MIN_WATCHED_MS) return undefined;
    return writingMs / this.#tokens;
  }

  /** What `tokensLeft` will take if it goes on as so far; who has not begun is expected to take as long again. */
  remainingMs(tokensLeft: number): number {
    if (this.#firstTokenMs === undefined) return this.waitedMs;
    return (tokensLeft * (this.waitedMs - this.#firstTokenMs)) / this.#tokens;
  }
}
