/** What this node has seen of other providers itself: it counts for more than what they say of themselves. */
import type { Estimate, Provider } from "../../inference";
import type { Pace } from "./pace";

/** Answers whose rates are remembered; the best of them counts, since other work can only make a provider look slower. */
const MEASURED_ANSWERS = 3;
/** What was seen longer ago says nothing of now. */
const MEMORY_MS = 10 * 60_000;
/** How long a provider that failed is left alone, doubled with each failure in a row up to the maximum. */
const PAUSE_MIN_MS = 5_000;
const PAUSE_MAX_MS = 5 * 60_000;
/** Providers remembered; the longest unseen are forgotten. */
const MAX_PROVIDERS = 500;

interface Seen {
  /** By model: what a token took in the last answers, and by how much the last one began later than promised. */
  readonly models: Map<string, { readonly msPerToken: readonly number[]; readonly lateMs: number }>;
  at: number;
  /** Failures since the last answer that ended well. */
  failures: number;
  failedAt: number;
}

/** Remembers how providers kept their word, by provider and model. */
export class Experience {
  readonly #now: () => number;
  readonly #seen = new Map<string, Seen>();

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** The provider's estimate with what was measured in the place of what it claims. This device measures itself. */
  correct({ kind, id }: Provider, model: string, claimed: Estimate): Estimate {
    const measured = kind === "local" ? undefined : this.#recall(id)?.models.get(model);
    if (!measured) return claimed;
    const { msPerToken, lateMs } = measured;
    return {
      ...claimed,
      firstTokenMs: claimed.firstTokenMs + lateMs,
      msPerToken: msPerToken.length > 0 ? Math.min(...msPerToken) : claimed.msPerToken,
    };
  }

  /** Whether a provider failed so short ago that it is only asked where nobody else can answer. */
  avoids({ kind, id }: Provider): boolean {
    const seen = kind === "local" ? undefined : this.#recall(id);
    if (!seen || seen.failures === 0) return false;
    const pauseMs = Math.min(PAUSE_MIN_MS * 2 ** (seen.failures - 1), PAUSE_MAX_MS);
    return this.#now() - seen.failedAt < pauseMs;
  }

  /** Takes note of how an answer, or the part of it that came, kept to what was claimed when it was asked for. */
  measured({ id }: Provider, model: string, claimed: Estimate, pace: Pace): void {
    const { msPerToken, firstTokenMs } = pace;
    if (firstTokenMs === undefined) return;
    const { models } = this.#note(id);
    const before = models.get(model)?.msPerToken ?? [];
    const rates = msPerToken === undefined ? before : [...before, msPerToken].slice(-MEASURED_ANSWERS);
    models.set(model, { msPerToken: rates, lateMs: Math.max(0, firstTokenMs - claimed.firstTokenMs) });
  }

  /** An answer ended well. */
  succeeded({ id }: Provider): void {
    this.#note(id).failures = 0;
  }

  /** A provider was lost in an answer, broke the protocol, or had to be left because it was too slow. */
  failed({ id }: Provider): void {
    const seen = this.#note(id);
    seen.failures++;
    seen.failedAt = this.#now();
  }

  #recall(id: string): Seen | undefined {
    const seen = this.#seen.get(id);
    return seen && this.#now() - seen.at < MEMORY_MS ? seen : undefined;
  }

  /** The record of a provider, as the newest. */
  #note(id: string): Seen {
    const seen = this.#recall(id) ?? { models: new Map(), at: 0, failures: 0, failedAt: 0 };
    seen.at = this.#now();
    this.#seen.delete(id);
    this.#seen.set(id, seen);
    if (this.#seen.size > MAX_PROVIDERS) {
      const [oldest] = this.#seen.keys();
      if (oldest !== undefined) this.#seen.delete(oldest);
    }
    return seen;
  }
}
