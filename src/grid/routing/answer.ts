/** One answer, from whoever gives it: the stream goes on elsewhere when a provider is lost, and nobody sees a seam. */
import { type ErrorCode, MicrogridError, isAbort } from "../../core";
import type { GenerationEvent, GenerationRequest, Provider } from "../../inference";
import { JobRefusedError } from "../../room";
import type { AnswerEvent, AnswerRequest, Policy, Route } from "../types";
import { Delivered } from "./delivered";
import { type Choice, choose } from "./router";

/** Providers tried for one answer before giving up. */
const MAX_ATTEMPTS = 12;
/** How long an answer waits for somebody to become able to give it. */
const WAIT_MS = 20_000;
const WAIT_STEP_MS = 250;
/** Errors that say something about the request: nobody else would do better. */
const FINAL: readonly ErrorCode[] = ["context-exceeded", "bad-request", "closed"];

/** What an answer needs of the node. */
export interface Answerer {
  /** All providers as they are now. */
  providers(): readonly Provider[];
  readonly policy: Policy;
  /** Tokens that an answer to this request will probably have. */
  expectedTokens(request: GenerationRequest): number;
  /** True while waiting makes sense: a model is loading, or a lost peer may come back. */
  mayRecover(): boolean;
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
  const startedAt = performance.now();
  const delivered = new Delivered(asked.generation.resume);
  const lost = new Set<Provider>();
  const history: string[] = [];
  let firstTokenAt: number | undefined;
  let queuedMs = 0;

  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    signal.throwIfAborted();
    const { resume: _first, ...rest } = asked.generation;
    const request: GenerationRequest = delivered.resume ? { ...rest, resume: delivered.resume } : rest;
    const choice = await chooseOrWait(request, asked, answerer, lost, signal);
    const { provider, offer } = choice.candidate;
    const route = routeOf(choice, attempt, history);
    history.push(...choice.why);
    yield { type: "route", route };
    delivered.begin();
    const triedAt = performance.now();
    try {
      for await (const event of provider.generate({ ...request, model: offer.model }, { signal })) {
        if (event.type === "queued") {
          queuedMs = performance.now() - startedAt;
          yield event;
          continue;
        }
        if (event.type === "token") {
          firstTokenAt ??= performance.now();
          delivered.add(event, offer);
          yield event;
          continue;
        }
        yield done(event, route, history, attempt, { startedAt, firstTokenAt, queuedMs });
        return;
      }
      throw new MicrogridError("peer-lost", "The answer ended without an end.");
    } catch (error) {
      signal.throwIfAborted();
      if (isFinal(error)) throw error;
      lost.add(provider);
      history.push(whatHappened(provider, error, delivered, performance.now() - triedAt));
    }
  }
  throw new MicrogridError(
    "no-provider",
    `The answer was tried ${MAX_ATTEMPTS} times and lost each time. Try again later.`,
  );
}

/** The best provider that was not lost; waits a while where somebody may become able to answer. */
async function chooseOrWait(
  request: GenerationRequest,
  asked: AnswerRequest,
  answerer: Answerer,
  lost: Set<Provider>,
  signal: AbortSignal,
): Promise<Choice> {
  const policy = { ...answerer.policy, ...asked.policy };
  const only = asked.provider;
  const until = performance.now() + WAIT_MS;
  for (;;) {
    signal.throwIfAborted();
    const fresh = answerer.providers().filter((provider) => !lost.has(provider));
    try {
      return choose(request, fresh, {
        policy,
        ...(only && { only }),
        expectedTokens: answerer.expectedTokens(request),
      });
    } catch (error) {
      const outOfTime = performance.now() > until;
      if (outOfTime || (!answerer.mayRecover() && lost.size === 0)) throw error;
      // Who was lost or busy a moment ago may be able again; a provider that died is not listed any more.
      lost.clear();
      await new Promise((resolve) => setTimeout(resolve, WAIT_STEP_MS * (1 + Math.random())));
    }
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

function done(
  event: Extract<GenerationEvent, { type: "done" }>,
  route: Route,
  history: readonly string[],
  attempts: number,
  { startedAt, firstTokenAt, queuedMs }: { startedAt: number; firstTokenAt: number | undefined; queuedMs: number },
): AnswerEvent {
  const now = performance.now();
  const timings = { queueMs: queuedMs, firstTokenMs: (firstTokenAt ?? now) - startedAt, totalMs: now - startedAt };
  return { ...event, summary: { provider: route.provider, route: [...history], attempts, timings } };
}

function isFinal(error: unknown): boolean {
  if (isAbort(error)) return true;
  return error instanceof MicrogridError && FINAL.includes(error.code);
}

function whatHappened(provider: Provider, error: unknown, delivered: Delivered, afterMs: number): string {
  const name = provider.kind === "local" ? "This device" : provider.name;
  if (error instanceof JobRefusedError) return `${name} refused: ${error.message}`;
  const after = delivered.tokensSince > 0 ? `after ${delivered.tokensSince} tokens` : `after ${Math.round(afterMs)} ms`;
  return `${name} was lost ${after}: ${error instanceof Error ? error.message : String(error)}`;
}
