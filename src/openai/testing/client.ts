/** OpenAI's own library, as its users have it, connected to the HTTP API of a grid whose answers are given. */
import OpenAI from "openai";
import type { AnswerEvent, AnswerRequest, EmbedResult, GridState } from "../../node";
import type { Answer } from "../answer-parts";
import { serveApi } from "../http/serve";

const offer = { model: "m", name: "Model M", contextLength: 2048 };
const vectors = { ...offer, model: "v", embedding: { dimensions: 2 } };
const state = {
  loads: { m: { kind: "ready", offer }, v: { kind: "ready", offer: vectors } },
  pipelines: [],
  models: [],
} as unknown as GridState;

/** A client of a grid that answers in turn with these events; the last ones again and again. */
export function clientOf(...answers: readonly (Answer | readonly AnswerEvent[])[]): {
  readonly client: OpenAI;
  readonly requests: readonly AnswerRequest[];
} {
  const requests: AnswerRequest[] = [];
  const answer: Answer = async function* (request, options) {
    const given = answers[Math.min(requests.push(request), answers.length) - 1]!;
    yield* typeof given === "function" ? given(request, options) : given;
  };
  const embed = (): Promise<EmbedResult> =>
    Promise.resolve({ model: "v", dimensions: 2, vectors: Float32Array.of(0.6, 0.8), promptTokens: 3, providers: [] });
  const grid = { state: () => state, answer, embed, load: () => Promise.resolve() };
  const fetch = (input: string | URL | Request, init?: RequestInit): Promise<Response> =>
    serveApi(grid, new Request(input, init));
  const baseURL = "https://microgrid.test/v1";
  return { client: new OpenAI({ baseURL, apiKey: "none", fetch, maxRetries: 0 }), requests };
}
