/** Finds providers for one piece of work, one after another, and remembers what became of those that were asked. */
import { MicrogridError, isAbort, sleep } from "../../core";
import type { Provider, WorkRequest } from "../../inference";
import { ABOUT_THE_REQUEST, JobRefusedError } from "../../room";
import type { AnswerRequest, Policy } from "../types";
import type { Experience } from "./experience";
import { lossOf } from "./loss-of";
import type { Loss } from "./losses";
import { type Failure, allBusy, who } from "./nobody";
import { type Candidate, type Choice, choose } from "./router";

/** How many providers may be lost in one piece of work before it fails. */
const MAX_LOSSES = 12;
/** After this number of losses, claims of peers count no more. */
const DOUBTING_LOSSES = 3;
/** How long work waits for a lost provider to come back, or for another one to appear. */
const LOSS_WAIT_MS = 20_000;
/** How long it waits while all providers that could do it are busy. */
const BUSY_WAIT_MS = 120_000;
/** First wait between two checks of the providers, doubled each time up to the maximum. */
const LOOK_MIN_MS = 200;
const LOOK_MAX_MS = 2_000;

/** The parts of the node that a search needs. */
export interface Seeker {
  /** All providers at present. */
  providers(): readonly Provider[];
  /** The present policy; a change applies to the next provider that is chosen. */
  policy(): Policy;
  /** The node's experience with the providers so far; work adds to it. */
  readonly experience: Experience;
  /** True while a model is being loaded, so that waiting for it makes sense however long it takes. */
  mayRecover(): boolean;
}

/** Limits and preferences of one piece of work. */
interface Wishes extends Pick<AnswerRequest, "policy" | "provider"> {
  /** The expected number of tokens of the answer; absent for vectors. */
  readonly expectedTokens?: number;
  /** The package that made the first vectors of the same request. */
  readonly packageHash?: string;
}

/** The search of one piece of work. */
export class ProviderSearch {
  readonly #seeker: Seeker;
  readonly #wishes: () => Wishes;
  /** Providers that failed or refused, by id; those that did since the last check are avoided. */
  readonly #failures = new Map<string, Failure>();
  #losses = 0;
  /** When the present trouble began, and its kind. */
  #trouble: { readonly since: number; readonly busy: boolean } | undefined;
  /** A peer's error about the request itself; thrown if no other provider can answer. */
  #objection: unknown;

  constructor(seeker: Seeker, wishes: () => Wishes) {
    this.#seeker = seeker;
    this.#wishes = wishes;
  }

  /**
   * The best provider that is not avoided. Waits if one may become available. Throws `no-provider` or the objection of a peer;
   * `unsupported-model` for a model that is for another purpose.
   */
  async next(request: WorkRequest, signal: AbortSignal): Promise<Choice> {
    if (this.#losses >= MAX_LOSSES) {
      throw new MicrogridError("no-provider", `The answer was lost ${MAX_LOSSES} times. Try again later.`);
    }
    let wait = LOOK_MIN_MS;
    for (;;) {
      signal.throwIfAborted();
      try {
        return this.#select(request, this.#seeker.providers());
      } catch (error) {
        if (this.#objection !== undefined) throw this.#objection as Error;
        if (error instanceof MicrogridError && error.code !== "no-provider") throw error;
        const trouble = this.#trouble;
        const patienceMs = !trouble ? 0 : trouble.busy ? BUSY_WAIT_MS : LOSS_WAIT_MS;
        const outOfPatience = performance.now() - (trouble?.since ?? 0) > patienceMs;
        if (!this.#seeker.mayRecover() && outOfPatience) throw this.#areBusy() ? allBusy() : error;
        await sleep(wait * (1 + Math.random()), signal);
        wait = Math.min(2 * wait, LOOK_MAX_MS);
        // Providers that were lost or busy may have recovered; a provider that died is no longer listed.
        for (const [id, failure] of this.#failures) this.#failures.set(id, { ...failure, avoided: false });
      }
    }
  }

  /** The provider that would go on if the present one were left; undefined if there is none that should be trusted with it. */
  better({ id }: Provider, request: WorkRequest): Candidate | undefined {
    const others = this.#seeker.providers().filter((other) => other.id !== id);
    try {
      const { candidate } = this.#select(request, others);
      return candidate.shaky ? undefined : candidate;
    } catch {
      return undefined;
    }
  }

  /** The work goes on: the trouble is over. */
  progress(): void {
    this.#trouble = undefined;
  }

  /** The work is done. */
  succeeded(provider: Provider): void {
    this.#seeker.experience.succeeded(provider);
  }

  /** Sorts a failure: errors about the request are thrown, a refusal leads to a wait, anything else counts as a loss. */
  failed(provider: Provider, error: unknown): Loss {
    if (isAbort(error)) throw error;
    if (error instanceof MicrogridError && ABOUT_THE_REQUEST.includes(error.code)) {
      // This device's own errors are trusted. A peer may have less memory than others, or may lie.
      if (provider.kind === "local") throw error;
      this.#objection = error;
    }
    // The charter will not change during the wait, but another provider may read it differently, or be more honest.
    if (error instanceof JobRefusedError && error.rule !== undefined && error.rule !== "jobsAtOnce") {
      this.#objection = error;
    }
    const busy = error instanceof JobRefusedError;
    if (!busy) {
      this.#losses++;
      this.#seeker.experience.failed(provider);
    }
    const loss = lossOf(error);
    this.#failures.set(provider.id, { who: who(provider), loss, avoided: true });
    if (this.#trouble?.busy !== busy) this.#trouble = { since: performance.now(), busy };
    return loss;
  }

  /** True if nothing but other work keeps the providers from answering. */
  #areBusy(): boolean {
    const failures = [...this.#failures.values()];
    return failures.length > 0 && failures.every(({ loss }) => loss === "busy");
  }

  #select(request: WorkRequest, providers: readonly Provider[]): Choice {
    const { policy, provider: only, expectedTokens, packageHash } = this.#wishes();
    return choose(request, providers, {
      policy: { ...this.#seeker.policy(), ...policy },
      ...(only && { only }),
      ...(expectedTokens !== undefined && { expectedTokens }),
      packageHash,
      experience: this.#seeker.experience,
      failures: this.#failures,
      doubtsClaims: this.#losses >= DOUBTING_LOSSES,
    });
  }
}
