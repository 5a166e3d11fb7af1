/** The charter's rules about requests, enforced by the node that receives a request. */
import { type Did, putNewest } from "../../core";
import { type WorkRequest, wantsVectors } from "../../inference";
import { allowsModel } from "../public-model";
import type { CharterRule, SignedTerms } from "./charter";

const HOUR_MS = 3_600_000;
/** Members whose answers are remembered; who asks less is forgotten first. */
const MAX_REMEMBERED = 2_048;

/** Counts what each member has asked here, and says which rule a request would break. */
export class CharterGuard {
  readonly #terms: () => SignedTerms;
  /** When answers were begun in the last hour, by member. */
  readonly #begun = new Map<Did, number[]>();

  constructor(terms: () => SignedTerms) {
    this.#terms = terms;
  }

  /** The rule that this request would break; undefined where it breaks none. It then counts as begun. */
  check(
    request: WorkRequest,
    consumer: { readonly did: Did; readonly running: number; readonly shares: boolean },
    now = performance.now(),
  ): CharterRule | undefined {
    const terms = this.#terms();
    const { limits, contribution } = terms;
    const { did, running, shares } = consumer;
    const begun = (this.#begun.get(did) ?? []).filter((at) => at > now - HOUR_MS);
    if (!allowsModel(terms, request.model)) return "models";
    if (!wantsVectors(request) && request.maxTokens > (limits.tokensPerAnswer ?? Infinity)) return "tokensPerAnswer";
    if (running >= (limits.jobsAtOnce ?? Infinity)) return "jobsAtOnce";
    if (begun.length >= (limits.answersPerHour ?? Infinity)) return "answersPerHour";
    if (contribution === "expected" && !shares) return "contribution";
    if (limits.answersPerHour !== undefined) this.#remember(did, [...begun, now]);
    return undefined;
  }

  #remember(did: Did, times: number[]): void {
    putNewest(this.#begun, did, times, MAX_REMEMBERED);
  }
}
