/**
 * Streams one answer from any provider. If a provider is lost, another one continues the stream without a visible
 * break.
 */
import { MicrogridError, capitalized } from "../../core";
import { type GenerationEvent, type GenerationRequest, type Provider, localTime } from "../../inference";
import type { AnswerEvent, AnswerRequest, Route } from "../types";
import { Delivered } from "./delivered";
import { lossOf } from "./loss-of";
import { type Loss, lossText } from "./losses";
import { who } from "./nobody";
import type { Choice } from "./router";
import { ProviderSearch, type Seeker } from "./provider-search";
import { Watch } from "./watch";

/** The parts of the node that an answer needs. */
interface Answerer extends Seeker {
  /** The expected number of tokens of the answer to this request. */
  expectedTokens(request: GenerationRequest): number;
}

/** The progress of one answer so far. */
interface Course {
  readonly startedAt: number;
  readonly delivered: Delivered;
  readonly history: string[];
  attempts: number;
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
    history: [],
    attempts: 0,
    firstTokenAt: undefined,
    queuedMs: 0,
  };
  const { delivered, history } = course;
  // Every provider writes the same prompt, however long the answer takes and wherever it is computed.
  const generation = { localTime: localTime(new Date()), ...asked.generation };
  const search = new ProviderSearch(answerer, () => ({
    ...(asked.policy && { policy: asked.policy }),
    ...(asked.provider && { provider: asked.provider }),
    expectedTokens: answerer.expectedTokens(withResume(generation, delivered)),
  }));
  for (;;) {
    const request = withResume(generation, delivered);
    const choice = await search.next(request, signal);
    const { provider, offer } = choice.candidate;
    const route = routeOf(choice, ++course.attempts, history);
    history.push(...choice.why);
    yield { type: "route", route };
    delivered.begin();
    const watch = new Watch({
      candidate: choice.candidate,
      expectedTokens: Math.min(request.maxTokens, answerer.expectedTokens(request)),
      better: () => search.better(provider, request),
    });
    let loss: Loss;
    try {
      const options = { signal: AbortSignal.any([signal, watch.signal]) };
      for await (const event of watch.over(provider.generate({ ...request, model: offer.model }, options))) {
        if (event.type === "done") {
          search.succeeded(provider);
          yield done(event, route, course);
          return;
        }
        if (event.type === "queued") course.queuedMs = performance.now() - course.startedAt;
        else if (event.type === "token" || event.type === "reasoning") {
          course.firstTokenAt ??= performance.now();
          search.progress();
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
      loss = search.failed(provider, error);
      history.push(whatHappened(provider, loss, error, delivered));
    } finally {
      watch.stop();
      answerer.experience.measured(provider, offer.model, choice.candidate.claimed, watch.pace);
    }
    yield { type: "lost", loss };
  }
}

function withResume({ resume: _first, ...rest }: GenerationRequest, delivered: Delivered): GenerationRequest {
  const { resume } = delivered;
  return resume ? { ...rest, resume } : rest;
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
