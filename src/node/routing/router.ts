/** Chooses the provider with the earliest estimated finish among those that the user's policy allows. */
import { capitalized, formatExpectedRate, quoted } from "../../core";
import {
  type Estimate,
  type ModelOffer,
  type PrivacyClass,
  type Provider,
  type ResumePoint,
  TYPICAL_ANSWER_TOKENS,
  type WorkRequest,
  answersNoChats,
  makesNoEmbeddings,
  wantsVectors,
} from "../../inference";
import { isSameModel } from "../../room";
import type { AnswerRequest, Policy } from "../types";
import type { Experience } from "./experience";
import { ANY_MODEL, type Failure, forbidden, nobodyCan, who } from "./nobody";

/** Finishes that differ by less than this share count as equal, because estimates are no better. */
const TIE_SHARE = 0.1;
const TIE_MS = 50;
const PRIVACY_ORDER: readonly PrivacyClass[] = ["device", "room", "anywhere"];

/** A provider with the matching offer and its estimate. */
export interface Candidate {
  readonly provider: Provider;
  readonly offer: ModelOffer;
  /** Corrected by measurements. */
  readonly estimate: Estimate;
  /** As the provider claims. */
  readonly claimed: Estimate;
  /** Milliseconds to the end of the answer. */
  readonly finishMs: number;
  /** Whether it continues the answer exactly as it began, or makes its vectors with the same package. */
  readonly exact: boolean;
  /** Whether it failed recently, so that it answers only if no other provider can. */
  readonly shaky: boolean;
}

export interface Choice {
  readonly candidate: Candidate;
  /** Sentences for people. */
  readonly why: readonly string[];
}

interface RouterOptions {
  readonly policy: Policy;
  /** Limits the choice: to a kind of provider, or to one peer. */
  readonly only?: AnswerRequest["provider"];
  /** The expected number of tokens of the answer. */
  readonly expectedTokens?: number;
  /** Earlier measurements of the providers; they count for more than claims. */
  readonly experience?: Experience;
  /** The package that made the first vectors of a request. */
  readonly packageHash?: string | undefined;
  /** Providers that were asked in this answer already, by id. */
  readonly failures?: ReadonlyMap<string, Failure>;
  /**
   * Whether several peers in this work have not kept what they claim: then those come first that were measured here, and chance decides
   * among them. Hostile peers claim more than any other, and there may be many of them.
   */
  readonly doubtsClaims?: boolean;
  /** Random numbers from 0 to 1, for breaking ties. */
  readonly random?: () => number;
}

/**
 * Chooses among `providers`. Throws `no-provider` with the reason, or `unsupported-model` if the model is for another purpose. A resumed answer prefers the package, engine and
 * backend that it began on; providers that failed recently come last.
 */
export function choose(request: WorkRequest, providers: readonly Provider[], options: RouterOptions): Choice {
  const { policy, only, failures = new Map<string, Failure>() } = options;
  const every = providers.flatMap((provider) => candidates(provider, request, options));
  const able = every.filter(({ provider }) => isWanted(provider, only));
  const allowed = able.filter(({ estimate }) => isAllowed(estimate.privacy, policy.privacy));
  const present = allowed.filter(({ provider }) => !failures.get(provider.id)?.avoided);
  const steady = preferring(present, ({ shaky }) => !shaky);
  const field = preferring(steady, ({ exact }) => exact);
  if (every.length === 0) requirePurpose(request, providers);
  if (field.length === 0) {
    if (able.length > 0 && allowed.length === 0) throw forbidden(request, policy.privacy);
    const unwanted = able.length < every.length;
    throw nobodyCan(request, { failures: [...failures.values()], providers, unwanted });
  }
  const candidate = pick(field, options);
  return { candidate, why: explain(candidate, able, field, options) };
}

/** Whether its estimate rests on more than its word. */
function isKnown({ provider, estimate, claimed }: Candidate): boolean {
  return provider.kind === "local" || estimate !== claimed;
}

/** The candidates that match, or all if none does. */
function preferring(all: readonly Candidate[], fits: (candidate: Candidate) => boolean): readonly Candidate[] {
  const fitting = all.filter(fits);
  return fitting.length > 0 ? fitting : all;
}

function isWanted(provider: Provider, only: AnswerRequest["provider"]): boolean {
  if (only === undefined) return true;
  if (only === "local") return provider.kind === "local";
  if (only === "room") return provider.kind === "peer";
  if (only === "pipeline") return provider.kind === "pipeline";
  return provider.id === only;
}

function candidates(
  provider: Provider,
  request: WorkRequest,
  { expectedTokens = TYPICAL_ANSWER_TOKENS, experience, packageHash }: RouterOptions,
): Candidate[] {
  return offersOf(provider, request).map((offer) => {
    const claimed = provider.estimate({ ...request, model: offer.model });
    const estimate = experience?.correct(provider, offer.model, claimed) ?? claimed;
    const tokens = wantsVectors(request) ? 0 : Math.min(request.maxTokens, expectedTokens);
    const sum = estimate.firstTokenMs + tokens * estimate.msPerToken;
    // A provider's claims may be nonsense, and then it comes last.
    const finishMs = sum >= 0 ? sum : Infinity;
    const exact = wantsVectors(request)
      ? (packageHash ?? offer.packageHash) === offer.packageHash
      : continuesExactly(request.resume, offer);
    return { provider, offer, estimate, claimed, finishMs, exact, shaky: experience?.avoids(provider) ?? false };
  });
}

/** The offers of a provider that a request can be met with. */
function offersOf(provider: Provider, request: WorkRequest): ModelOffer[] {
  const isRight = ({ embedding }: ModelOffer): boolean => (embedding !== undefined) === wantsVectors(request);
  const named = provider
    .models()
    .filter(({ model }) => request.model === ANY_MODEL || isSameModel(request.model, model));
  return named.filter(isRight);
}

/** Throws if somebody has the model, but it is for another purpose. */
function requirePurpose(request: WorkRequest, providers: readonly Provider[]): void {
  const other = providers
    .flatMap((provider) => provider.models())
    .find(({ model }) => isSameModel(model, request.model));
  if (other) throw wantsVectors(request) ? makesNoEmbeddings(quoted(other.name)) : answersNoChats(quoted(other.name));
}

/** Whether an offer continues the answer exactly as an undisturbed run would. */
function continuesExactly(resume: ResumePoint | undefined, offer: ModelOffer): boolean {
  if (!resume) return true;
  return resume.packageHash === offer.packageHash && resume.engine === offer.engine && resume.backend === offer.backend;
}

function isAllowed(needed: PrivacyClass, allowed: PrivacyClass): boolean {
  return PRIVACY_ORDER.indexOf(needed) <= PRIVACY_ORDER.indexOf(allowed);
}

function pick(field: readonly Candidate[], { policy, doubtsClaims, random = Math.random }: RouterOptions): Candidate {
  const any = (all: readonly Candidate[]): Candidate => all[Math.floor(random() * all.length)]!;
  const pool = preferred(field, policy);
  if (doubtsClaims) {
    const known = preferring(pool, isKnown);
    return known.find(({ provider }) => provider.kind === "local") ?? any(known);
  }
  const best = Math.min(...pool.map(({ finishMs }) => finishMs));
  const limit = Math.max(best * (1 + TIE_SHARE), best + TIE_MS);
  // Candidates without a finite estimate tie only with each other.
  const tied = pool.filter(({ finishMs }) => finishMs <= limit);
  const local = tied.find(({ provider }) => provider.kind === "local");
  // This device wins a tie: it is private, and leaves the others free. Among peers chance decides, so that many nodes
  // with the same view of the room do not all choose the same one.
  return local ?? any(tied);
}

function preferred(field: readonly Candidate[], policy: Policy): readonly Candidate[] {
  if (policy.prefer === "speed") return field;
  const key = ({ estimate }: Candidate): number =>
    policy.prefer === "privacy" ? PRIVACY_ORDER.indexOf(estimate.privacy) : estimate.price;
  const lowest = Math.min(...field.map(key));
  return field.filter((candidate) => key(candidate) === lowest);
}

function explain(
  chosen: Candidate,
  able: readonly Candidate[],
  field: readonly Candidate[],
  options: RouterOptions,
): string[] {
  const why = [`${capitalized(who(chosen.provider))} ${reason(chosen, field, options)}.`];
  for (const other of able) {
    if (other.provider === chosen.provider) continue;
    // A loss in this answer has its own sentence.
    if (options.failures?.get(other.provider.id)?.avoided) continue;
    if (!isAllowed(other.estimate.privacy, options.policy.privacy)) {
      why.push(`${capitalized(who(other.provider))} was left out: your privacy setting keeps prompts on this device.`);
    } else if (!field.includes(other) && other.shaky) {
      why.push(`${capitalized(who(other.provider))} was left out: it failed a moment ago.`);
    } else if (!field.includes(other)) {
      why.push(`${capitalized(who(other.provider))} was left out: it would continue with another package or engine.`);
    } else why.push(`${capitalized(who(other.provider))} would take ${seconds(other.finishMs)}.`);
  }
  return why;
}

function reason(chosen: Candidate, field: readonly Candidate[], { policy }: RouterOptions): string {
  // The rate behind the estimate: the measured one if there is one.
  const rate = chosen.offer.decodeRate === undefined ? undefined : 1000 / chosen.estimate.msPerToken;
  const speed = rate === undefined ? "" : `, ${formatExpectedRate(rate)}`;
  if (field.length === 1) return `is the only one that can answer with ${quoted(chosen.offer.name)}${speed}`;
  const estimate = `${seconds(chosen.finishMs)}${speed}`;
  if (policy.prefer === "privacy" && chosen.provider.kind === "local") return `keeps your prompt private (${estimate})`;
  return `was the fastest choice (${estimate})`;
}

function seconds(ms: number): string {
  return Number.isFinite(ms) ? `about ${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s` : "longer than anybody can tell";
}
