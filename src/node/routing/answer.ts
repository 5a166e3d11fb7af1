/**
 * Streams one answer from any provider. If a provider is lost, another one continues the stream without a visible
 * break.
 */
import { MicrogridError, capitalized, isAbort, sleep } from "../../core";
import { type GenerationEvent, type GenerationRequest, type Provider, localTime } from "../../inference";
import { ABOUT_THE_REQUEST, JobRefusedError } from "../../room";
import type { AnswerEvent, AnswerRequest, Policy, Route } from "../types";
import { Delivered } from "./delivered";
import type { Experience } from "./experience";
import { lossOf } from "./loss-of";
import { type Loss, lossText } from "./losses";
import { type Failure, allBusy, who } from "./nobody";
import { type Candidate, type Choice, choose } from "./router";
import { Watch } from "./watch";

/** How many providers may be lost in one answer before it fails. */
const MAX_LOSSES = 12;
/** How long an answer waits for a lost provider to come back, or for another one to appear. */
const LOSS_WAIT_MS = 20_000;
/** How long it waits while all providers that could answer are busy. */
const BUSY_WAIT_MS = 120_000;
/** First wait between two checks of the providers, doubled each time up to the maximum. */
const LOOK_MIN_MS = 200;
const LOOK_MAX_MS = 2_000;

/** The parts of the node that an answer needs. */
interface Answerer {
  /** All providers at present. */
  providers(): readonly Provider[];
  /** The present policy; a change applies to the next provider that is chosen. */
  policy(): Policy;
  /** The expected number of tokens of the answer to this request. */
  expectedTokens(request: GenerationRequest): number;
  /** The node's experience with the providers so far; answers add to it. */
  readonly experience: Experience;
  /** True while a model is being loaded, so that waiting for it makes sense however long it takes. */
  mayRecover(): boolean;
}

/** The progress of one answer so far. */
interface Course {
  readonly startedAt: number;
  readonly delivered: Delivered;
  /** Providers that failed or refused, by id; those that did since the last check are avoided. */
  readonly failures: Map<string, Failure>;
  readonly history: string[];
  attempts: number;
  losses: number;
  /** When the present trouble began, and its kind. */
  trouble: { readonly since: number; readonly busy: boolean } | undefined;
  /** A peer's error about the request itself; thrown if no other provider can answer. */
  objection: unknown;
  firstTokenAt: number | undefined;
  queuedMs: number;
}

/**
 * Streams an answer. Throws the provider's error if it is about the request, `no-provider` if no provider can answer,
 * or the signal's reason. The caller may continue later from what was received.
 */
export async function* answer(
  asked: AnswerRequest,
  answerer: Answerer,
  signal: AbortSignal,
): AsyncGenerator<AnswerEvent> {
  const course: Course = {
    startedAt: performance.now(),
    delivered: new Delivered(asked.generation.resume),
    failures: new Map(),
    history: [],
    attempts: 0,
    losses: 0,
    trouble: undefined,
    objection: undefined,
    firstTokenAt: undefined,
    queuedMs: 0,
  };
  const { delivered, history } = course;
  // Every provider writes the same prompt, however long the answer takes and wherever it is computed.
  const generation = { localTime: localTime(new Date()), ...asked.generation };
  while (course.losses < MAX_LOSSES) {
    const request = withResume(generation, delivered);
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
    let loss: Loss;
    try {
      const options = { signal: AbortSignal.any([signal, watch.signal]) };
      for await (const event of watch.over(provider.generate({ ...request, model: offer.model }, options))) {
        if (event.type === "done") {
          answerer.experience.succeeded(provider);
          yield done(event, route, course);
          return;
        }
        if (event.type === "queued") course.queuedMs = performance.now() - course.startedAt;
        else if (event.type === "token" || event.type === "reasoning") {
          course.firstTokenAt ??= performance.now();
          course.trouble = undefined;
          delivered.add(event, offer);
        }
        yield event;
      }
      throw new MicrogridError("peer-lost", "The answer stopped without a final message.");
    } catch (thrown) {
      signal.throwIfAborted();
      const error: unknown = watch.signal.aborted ? watch.signal.reason : thrown;
      // The ids of whoever answered before may be at fault: the text alone decides whether this provider is.
      if (lossOf(error) === "engine" && delivered.tokensSince === 0 && delivered.dropIds()) {
        history.push(
          `${capitalized(who(provider))} could not go on from the tokens so far, and goes on from the text.`,
        );
        continue;
      }
      loss = takeNote(course, provider, error);
      if (!(error instanceof JobRefusedError)) answerer.experience.failed(provider);
      history.push(whatHappened(provider, loss, error, delivered));
    } finally {
      watch.stop();
      answerer.experience.measured(provider, offer.model, choice.candidate.claimed, watch.pace);
    }
    yield { type: "lost", loss };
  }
  throw new MicrogridError("no-provider", `The answer was lost ${MAX_LOSSES} times. Try again later.`);
}

function withResume({ resume: _first, ...rest }: GenerationRequest, delivered: Delivered): GenerationRequest {
  const { resume } = delivered;
  return resume ? { ...rest, resume } : rest;
}

/** Sorts a failure: errors about the request are thrown, a refusal leads to a wait, anything else counts as a loss. */
function takeNote(course: Course, provider: Provider, error: unknown): Loss {
  if (isAbort(error)) throw error;
  if (error instanceof MicrogridError && ABOUT_THE_REQUEST.includes(error.code)) {
    // This device's own errors are trusted. A peer may have less memory than others, or may lie.
    if (provider.kind === "local") throw error;
    course.objection = error;
  }
  // The charter will not change during the wait, but another provider may read it differently, or be more honest.
  if (error instanceof JobRefusedError && error.rule !== undefined && error.rule !== "jobsAtOnce") {
    course.objection = error;
  }
  const busy = error instanceof JobRefusedError;
  if (!busy) course.losses++;
  const loss = lossOf(error);
  course.failures.set(provider.id, { who: who(provider), loss, avoided: true });
  if (course.trouble?.busy !== busy) course.trouble = { since: performance.now(), busy };
  return loss;
}

/** The best provider that is not avoided. Waits if one may become available. */
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
      if (!answerer.mayRecover() && outOfPatience) throw areBusy(course) ? allBusy() : error;
      await sleep(wait * (1 + Math.random()), signal);
      wait = Math.min(2 * wait, LOOK_MAX_MS);
      // Providers that were lost or busy may have recovered; a provider that died is no longer listed.
      for (const [id, failure] of course.failures) course.failures.set(id, { ...failure, avoided: false });
    }
  }
}

/** True if nothing but other work keeps the providers from answering. */
function areBusy({ failures }: Course): boolean {
  return failures.size > 0 && [...failures.values()].every(({ loss }) => loss === "busy");
}

/** The best of `providers` that is not avoided. Throws `no-provider`. */
function select(
  request: GenerationRequest,
  providers: readonly Provider[],
  asked: AnswerRequest,
  answerer: Answerer,
  { failures }: Course,
): Choice {
  const only = asked.provider;
  return choose(request, providers, {
    policy: { ...answerer.policy(), ...asked.policy },
    ...(only && { only }),
    expectedTokens: answerer.expectedTokens(request),
    experience: answerer.experience,
    failures,
  });
}

/** The provider that would continue an answer if the present one were left. */
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
  // The last provider counts only its own tokens; the answer has those of all providers.
  const usage = { ...event.usage, completionTokens: event.usage.completionTokens + delivered.tokensBefore };
  return { ...event, usage, summary: { provider: route.provider, route: [...history], attempts, timings } };
}

function whatHappened(provider: Provider, loss: Loss, error: unknown, { tokensSince }: Delivered): string {
  const after = tokensSince > 0 ? `, after ${tokensSince} ${tokensSince === 1 ? "token" : "tokens"}` : "";
  const detail = DETAILED.has(loss) && error instanceof Error ? `: ${error.message}` : ".";
  return `${capitalized(lossText(loss, who(provider)))}${after}${detail}`;
}

/** Reasons whose error says more than their sentence. */
const DETAILED: ReadonlySet<Loss> = new Set(["engine", "rules", "refused", "stage", "protocol"]);
