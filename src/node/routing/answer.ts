/** One answer, from whoever gives it: the stream goes on elsewhere when a provider is lost, and nobody sees a seam. */
import { MicrogridError, isAbort, sleep } from "../../core";
import type { GenerationEvent, GenerationRequest, Provider } from "../../inference";
import { ABOUT_THE_REQUEST, JobRefusedError } from "../../room";
import type { AnswerEvent, AnswerRequest, Policy, Route } from "../types";
import { Delivered } from "./delivered";
import type { Experience } from "./experience";
import { type Candidate, type Choice, choose } from "./router";
import { Watch } from "./watch";

/** Providers that may be lost in one answer before it is given up. */
const MAX_LOSSES = 12;
/** How long an answer waits for a lost provider to come back, or for somebody to take its place. */
const LOSS_WAIT_MS = 20_000;
/** How long it waits while everybody who could answer is busy. */
const BUSY_WAIT_MS = 120_000;
/** First wait between two looks at the providers, doubled each time up to the maximum. */
const LOOK_MIN_MS = 200;
const LOOK_MAX_MS = 2_000;

/** What an answer needs of the node. */
export interface Answerer {
  /** All providers as they are now. */
  providers(): readonly Provider[];
  /** The policy as it is now: a change holds for what is answered from then on. */
  policy(): Policy;
  /** Tokens that an answer to this request will probably have. */
  expectedTokens(request: GenerationRequest): number;
  /** What the node has seen of the providers so far; answers add to it. */
  readonly experience: Experience;
  /** True while a model is on its way: waiting for it makes sense however long it takes. */
  mayRecover(): boolean;
}

/** Everything that one answer has gone through so far. */
interface Course {
  readonly startedAt: number;
  readonly delivered: Delivered;
  /** Providers that failed or refused since the last look around. */
  readonly avoided: Set<Provider>;
  readonly history: string[];
  attempts: number;
  losses: number;
  /** When the present time of trouble began, and what kind it is. */
  trouble: { readonly since: number; readonly busy: boolean } | undefined;
  /** What a peer said of the request itself; thrown where nobody else can answer. */
  objection: unknown;
  firstTokenAt: number | undefined;
  queuedMs: number;
}

/**
 * Streams an answer. Throws the provider's error where it concerns the request, `no-provider` where nobody can
 * answer (any more), or the signal's reason. Whoever catches may go on later from what was received.
 */
export async function* answer(
  asked: AnswerRequest,
  answerer: Answerer,
  signal: AbortSignal,
): AsyncGenerator<AnswerEvent> {
  const course: Course = {
    startedAt: performance.now(),
    delivered: new Delivered(asked.generation.resume),
    avoided: new Set(),
    history: [],
    attempts: 0,
    losses: 0,
    trouble: undefined,
    objection: undefined,
    firstTokenAt: undefined,
    queuedMs: 0,
  };
  const { delivered, history } = course;
  while (course.losses < MAX_LOSSES) {
    const request = withResume(asked.generation, delivered);
    const choice = await chooseOrWait(request, asked, answerer, course, signal);
    const { provider, offer } = choice.candidate;
    const route = routeOf(choice, ++course.attempts, history);
    history.push(...choice.why);
    yield { type: "route", route };
    delivered.begin();
    const watch = new Watch({
      candidate: choice.candidate,
      expectedTokens: Math.min(request.maxTokens, answerer.expectedTokens(request)),
      better: () => betterThan(provider, request, asked, answerer, course),
    });
    try {
      const options = { signal: AbortSignal.any([signal, watch.signal]) };
      for await (const event of watch.over(provider.generate({ ...request, model: offer.model }, options))) {
        if (event.type === "done") {
          answerer.experience.succeeded(provider);
          yield done(event, route, course);
          return;
        }
        if (event.type === "queued") course.queuedMs = performance.now() - course.startedAt;
        else {
          course.firstTokenAt ??= performance.now();
          course.trouble = undefined;
          delivered.add(event, offer);
        }
        yield event;
      }
      throw new MicrogridError("peer-lost", "The answer ended without an end.");
    } catch (thrown) {
      signal.throwIfAborted();
      const error: unknown = watch.signal.aborted ? watch.signal.reason : thrown;
      takeNote(course, provider, error);
      if (!(error instanceof JobRefusedError)) answerer.experience.failed(provider);
      history.push(whatHappened(provider, error, delivered, watch.pace.waitedMs));
    } finally {
      watch.stop();
      answerer.experience.measured(provider, offer.model, choice.candidate.claimed, watch.pace);
    }
  }
  throw new MicrogridError("no-provider", `The answer was lost ${MAX_LOSSES} times. Try again later.`);
}

function withResume({ resume: _first, ...rest }: GenerationRequest, delivered: Delivered): GenerationRequest {
  const { resume } = delivered;
  return resume ? { ...rest, resume } : rest;
}

/** Sorts a failure: the request's own fault is thrown, a refusal is waited out, anything else is a loss. */
function takeNote(course: Course, provider: Provider, error: unknown): void {
  if (isAbort(error)) throw error;
  if (error instanceof MicrogridError && ABOUT_THE_REQUEST.includes(error.code)) {
    // This device knows what it says. A peer may have less room than others, or may lie.
    if (provider.kind === "local") throw error;
    course.objection = error;
  }
  // The charter will not change while one waits; another provider may read it otherwise, or lie less.
  if (error instanceof JobRefusedError && error.rule !== undefined && error.rule !== "jobsAtOnce") {
    course.objection = error;
  }
  const busy = error instanceof JobRefusedError;
  if (!busy) course.losses++;
  course.avoided.add(provider);
  if (course.trouble?.busy !== busy) course.trouble = { since: performance.now(), busy };
}

/** The best provider that is not avoided; waits where somebody may become able to answer. */
async function chooseOrWait(
  request: GenerationRequest,
  asked: AnswerRequest,
  answerer: Answerer,
  course: Course,
  signal: AbortSignal,
): Promise<Choice> {
  let wait = LOOK_MIN_MS;
  for (;;) {
    signal.throwIfAborted();
    try {
      return select(request, answerer.providers(), asked, answerer, course);
    } catch (error) {
      if (course.objection !== undefined) throw course.objection as Error;
      const { trouble } = course;
      const patienceMs = !trouble ? 0 : trouble.busy ? BUSY_WAIT_MS : LOSS_WAIT_MS;
      const outOfPatience = performance.now() - (trouble?.since ?? 0) > patienceMs;
      if (!answerer.mayRecover() && outOfPatience) throw trouble?.busy ? allBusy() : error;
      await sleep(wait * (1 + Math.random()), signal);
      wait = Math.min(2 * wait, LOOK_MAX_MS);
      // Who was lost or busy a moment ago may be able again; a provider that died is not listed any more.
      course.avoided.clear();
    }
  }
}

/** The best of `providers` that is not avoided. Throws `no-provider`. */
function select(
  request: GenerationRequest,
  providers: readonly Provider[],
  asked: AnswerRequest,
  answerer: Answerer,
  { avoided }: Course,
): Choice {
  const only = asked.provider;
  return choose(
    request,
    providers.filter((provider) => !avoided.has(provider)),
    {
      policy: { ...answerer.policy(), ...asked.policy },
      ...(only && { only }),
      expectedTokens: answerer.expectedTokens(request),
      experience: answerer.experience,
    },
  );
}

/** Who would go on with an answer, if not the provider that gives it now. */
function betterThan(
  { id }: Provider,
  request: GenerationRequest,
  asked: AnswerRequest,
  answerer: Answerer,
  course: Course,
): Candidate | undefined {
  const others = answerer.providers().filter((other) => other.id !== id);
  try {
    const { candidate } = select(request, others, asked, answerer, course);
    return candidate.shaky ? undefined : candidate;
  } catch {
    return undefined;
  }
}

function allBusy(): MicrogridError {
  return new MicrogridError(
    "no-provider",
    "Everybody who could answer is busy. Try again in a while, or load the model here.",
  );
}

function routeOf({ candidate, why }: Choice, attempt: number, history: readonly string[]): Route {
  const { provider, offer, exact } = candidate;
  const lastWords = attempt > 1 ? history.slice(-1) : [];
  const may = exact ? [] : ["It continues with another package or engine, so the answer may differ from here on."];
  return {
    provider: { id: provider.id, kind: provider.kind, name: provider.name },
    why: [...lastWords, ...why, ...may],
    attempt,
    offer,
    exact,
  };
}

function done(event: Extract<GenerationEvent, { type: "done" }>, route: Route, course: Course): AnswerEvent {
  const now = performance.now();
  const { startedAt, firstTokenAt, queuedMs, attempts, history, delivered } = course;
  const timings = { queueMs: queuedMs, firstTokenMs: (firstTokenAt ?? now) - startedAt, totalMs: now - startedAt };
  // The last provider counts its own tokens; the answer has those of all.
  const usage = { ...event.usage, completionTokens: event.usage.completionTokens + delivered.tokensBefore };
  return { ...event, usage, summary: { provider: route.provider, route: [...history], attempts, timings } };
}

function whatHappened(provider: Provider, error: unknown, delivered: Delivered, afterMs: number): string {
  const name = provider.kind === "local" ? "This device" : provider.name;
  if (error instanceof JobRefusedError) return `${name} refused: ${error.message}`;
  const after = delivered.tokensSince > 0 ? `after ${delivered.tokensSince} tokens` : `after ${Math.round(afterMs)} ms`;
  return `${name} was lost ${after}: ${error instanceof Error ? error.message : String(error)}`;
}
