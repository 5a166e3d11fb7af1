/** Looks after a running answer: measures it, and ends it where somebody else would be done long before. */
import { MicrogridError } from "../../core";
import type { GenerationEvent } from "../../inference";
import { Pace } from "./pace";
import type { Candidate } from "./router";

/** How often a running answer is compared with what others would need for the rest of it. */
const COMPARE_MS = 500;
/** It is moved where it takes so many times longer than was promised, and than somebody else would take … */
const SLOW_FACTOR = 3;
/** … by at least this much, and has kept the reader waiting for as long, so that nobody is left for a hiccup. */
const SLOW_MIN_MS = 3_000;

interface WatchOptions {
  /** Who answers, and what it promised. */
  readonly candidate: Candidate;
  /** Tokens that the answer will probably have. */
  readonly expectedTokens: number;
  /** Who would go on with the answer; undefined where nobody could, or nobody who should be trusted with it. */
  better(): Candidate | undefined;
}

/** The watch over one provider's part of an answer. */
export class Watch {
  readonly pace = new Pace();
  readonly #options: WatchOptions;
  readonly #leave = new AbortController();
  readonly #timer: ReturnType<typeof setInterval> | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
    // This device does what it can, and tells the truth about it.
    if (options.candidate.provider.kind !== "local") this.#timer = setInterval(() => this.#compare(), COMPARE_MS);
  }

  /** Aborts where the answer is to go on elsewhere. */
  get signal(): AbortSignal {
    return this.#leave.signal;
  }

  /** Hands the provider's events on. */
  async *over(events: AsyncIterable<GenerationEvent>): AsyncGenerator<GenerationEvent> {
    this.pace.wait();
    for await (const event of events) {
      this.pace.came(event.type === "token" ? Math.max(event.ids.length, 1) : 0);
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
    // Who keeps to what was expected is not left for somebody who promises more.
    if (pace.waitedMs + remainingMs < SLOW_FACTOR * candidate.finishMs + SLOW_MIN_MS) return;
    const other = better();
    if (!other || remainingMs < SLOW_FACTOR * other.finishMs + SLOW_MIN_MS) return;
    const name = other.provider.kind === "local" ? "this device" : other.provider.name;
    this.#leave.abort(new MicrogridError("peer-lost", `it is much slower than expected, and ${name} is not.`));
  }
}
