/** Watches a running answer: measures it, and stops it if another provider would finish much earlier. */
import type { GenerationEvent } from "../../inference";
import { TooSlowError } from "./loss-of";
import { Pace } from "./pace";
import type { Candidate } from "./router";

/** How often a running answer is compared with what other providers would need for the rest. */
const COMPARE_MS = 500;
/** It is moved if it takes this many times as long as promised, and as another provider would … */
const SLOW_FACTOR = 3;
/** … by at least this much, and has kept the reader waiting as long, so that a short pause does not move it. */
const SLOW_MIN_MS = 3_000;

interface WatchOptions {
  /** The present provider and its estimate. */
  readonly candidate: Candidate;
  /** The expected number of tokens of the answer. */
  readonly expectedTokens: number;
  /** The provider that would continue the answer; undefined if there is none that should be trusted with it. */
  better(): Candidate | undefined;
}

/** Watches one provider's part of an answer. */
export class Watch {
  readonly pace = new Pace();
  readonly #options: WatchOptions;
  readonly #leave = new AbortController();
  readonly #timer: ReturnType<typeof setInterval> | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
    // This device is not watched: its estimates are honest.
    if (options.candidate.provider.kind !== "local") this.#timer = setInterval(() => this.#compare(), COMPARE_MS);
  }

  /** Aborts if another provider should continue the answer. */
  get signal(): AbortSignal {
    return this.#leave.signal;
  }

  /** Passes the provider's events on. */
  async *over(events: AsyncIterable<GenerationEvent>): AsyncGenerator<GenerationEvent> {
    this.pace.wait();
    for await (const event of events) {
      this.pace.came(event.type === "token" || event.type === "reasoning" ? Math.max(event.ids.length, 1) : 0);
      yield event;
      this.pace.wait();
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #compare(): void {
    const { pace } = this;
    const { candidate, expectedTokens, better } = this.#options;
    if (pace.waitedMs < SLOW_MIN_MS) return;
    const remainingMs = pace.remainingMs(Math.max(1, expectedTokens - pace.tokens));
    // A provider that keeps its promise is not left for one that promises more.
    if (pace.waitedMs + remainingMs < SLOW_FACTOR * candidate.finishMs + SLOW_MIN_MS) return;
    const other = better();
    if (!other || remainingMs < SLOW_FACTOR * other.finishMs + SLOW_MIN_MS) return;
    this.#leave.abort(new TooSlowError());
  }
}
