/** This node's own measurements of other providers; they count for more than the providers' claims. */
import { putNewest } from "../../core";
import type { Estimate, Provider } from "../../inference";
import type { Pace } from "./pace";

/** Number of answers whose rates are remembered. The best counts, since other work can only slow a provider down. */
const MEASURED_ANSWERS = 3;
/** Older measurements say nothing about the present. */
const MEMORY_MS = 10 * 60_000;
/** How long a provider that failed is avoided, doubled with each failure in a row up to the maximum. */
const PAUSE_MIN_MS = 5_000;
const PAUSE_MAX_MS = 5 * 60_000;
/** Number of providers that are remembered; those unseen for longest are forgotten. */
const MAX_PROVIDERS = 500;

interface Seen {
  /** By model: the time per token of the last answers, and how much later than promised the last one began. */
  readonly models: Map<string, { readonly msPerToken: readonly number[]; readonly lateMs: number }>;
  at: number;
  /** Failures since the last answer that ended successfully. */
  failures: number;
  failedAt: number;
}

/** Remembers how well providers kept their promises, by provider and model. */
export class Experience {
  readonly #now: () => number;
  readonly #seen = new Map<string, Seen>();

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * The provider's estimate, with its claims replaced by measurements. This device's own estimates are used unchanged.
   */
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

  /** Whether a provider failed so recently that it is asked only if no other can answer. */
  avoids({ kind, id }: Provider): boolean {
    const seen = kind === "local" ? undefined : this.#recall(id);
    if (!seen || seen.failures === 0) return false;
    const pauseMs = Math.min(PAUSE_MIN_MS * 2 ** (seen.failures - 1), PAUSE_MAX_MS);
    return this.#now() - seen.failedAt < pauseMs;
  }

  /** Records how an answer, or the received part of it, compares with the estimate at its start. */
  measured({ id }: Provider, model: string, claimed: Estimate, pace: Pace): void {
    const { msPerToken, firstTokenMs } = pace;
    if (firstTokenMs === undefined) return;
    const { models } = this.#note(id);
    const before = models.get(model)?.msPerToken ?? [];
    const rates = msPerToken === undefined ? before : [...before, msPerToken].slice(-MEASURED_ANSWERS);
    models.set(model, { msPerToken: rates, lateMs: Math.max(0, firstTokenMs - claimed.firstTokenMs) });
  }

  /** Records that an answer ended successfully. */
  succeeded({ id }: Provider): void {
    this.#note(id).failures = 0;
  }

  /** Records that a provider was lost in an answer, broke the protocol, or was left because it was too slow. */
  failed({ id }: Provider): void {
    const seen = this.#note(id);
    seen.failures++;
    seen.failedAt = this.#now();
  }

  #recall(id: string): Seen | undefined {
    const seen = this.#seen.get(id);
    return seen && this.#now() - seen.at < MEMORY_MS ? seen : undefined;
  }

  /** The record of a provider, moved to the newest position. */
  #note(id: string): Seen {
    const seen = this.#recall(id) ?? { models: new Map(), at: 0, failures: 0, failedAt: 0 };
    seen.at = this.#now();
    putNewest(this.#seen, id, seen, MAX_PROVIDERS);
    return seen;
  }
}
