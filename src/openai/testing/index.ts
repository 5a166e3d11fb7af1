/** Stand-ins for tests of OpenAI's APIs. */
import type { AnswerEvent, AnswerRequest, Route } from "../../node";
import type { Answer } from "../answer-parts";

const usage = { promptTokens: 10, completionTokens: 4, cachedTokens: 2, prefillMs: 1, decodeMs: 1 };

/** The events of an answer with this text in pieces. */
export function eventsOf(
  texts: readonly string[],
  { finishReason = "stop", format }: { finishReason?: "stop" | "length"; format?: string } = {},
): AnswerEvent[] {
  const route = { offer: { model: "m", ...(format && { chat: { tools: format } }) } } as unknown as Route;
  return [
    { type: "route", route },
    ...texts.map((text, index) => ({ type: "token" as const, text, ids: [index] })),
    { type: "done", finishReason, usage, summary: { attempts: 1 } },
  ] as AnswerEvent[];
}

/** Gives the same events to every request, and keeps the requests. */
export function answering(events: readonly AnswerEvent[]): { answer: Answer; requests: AnswerRequest[] } {
  const requests: AnswerRequest[] = [];
  const answer: Answer = async function* (request) {
    requests.push(request);
    yield* events;
  };
  return { answer, requests };
}

/** All items of a stream. */
export async function all<T>(items: AsyncIterable<T> | Promise<AsyncIterable<T>>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of await items) found.push(item);
  return found;
}
