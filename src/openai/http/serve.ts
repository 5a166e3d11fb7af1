/** OpenAI's HTTP API, served by a page: it takes requests as `fetch` does and answers with the models that its grid reaches. */
import { randomId } from "../../core";
import type { GridState } from "../../node";
import { type Answer, answerParts } from "../answer-parts";
import { CHAT } from "../chat";
import { COMPLETIONS } from "../completions";
import { type Embed, embeddings, readEmbeddings } from "../embeddings";
import { RESPONSES } from "../responses";
import type { TextApi, TextRequest } from "../text-api";
import { HttpError, errorReply } from "./errors";
import { listedModel, listedModels } from "./models";
import { begun, jsonText, serverSentEvents, textBody } from "./streams";

/** Longest body of a request, in bytes: far more than any context. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** The part of a grid that requests need. */
export interface ServedGrid {
  /** The present state. */
  state(): GridState;
  readonly answer: Answer;
  readonly embed: Embed;
  /** Loads a model of this device. */
  load(id: string, options: { readonly signal: AbortSignal }): Promise<void>;
}

type Endpoint = (grid: ServedGrid, body: unknown, signal: AbortController) => Promise<Response>;

const POSTS: Readonly<Record<string, Endpoint>> = {
  "chat/completions": textEndpoint(CHAT),
  completions: textEndpoint(COMPLETIONS),
  responses: textEndpoint(RESPONSES, { named: true }),
  embeddings: async (grid, body, stop) => {
    const request = readEmbeddings(body);
    const { signal } = stop;
    await makeReady(grid, request.asked.embedding.model, signal);
    const text = await begun(jsonText(embeddings(request, grid.embed, { signal })));
    return reply(
      textBody(text, (reason) => stop.abort(reason)),
      "application/json",
    );
  },
};
const MODELS = /^models(?:\/(?<id>.+))?$/;

/**
 * Answers a request to a path below `/v1/`. Errors are replies, with OpenAI's statuses and bodies. Rejects only with the reason of
 * an abort, as `fetch` does: client libraries tell an abort and a time limit from other errors by that.
 */
export async function serveApi(grid: ServedGrid, request: Request): Promise<Response> {
  try {
    return await route(grid, request);
  } catch (error) {
    request.signal.throwIfAborted();
    const { status, headers, body } = errorReply(error);
    return reply(JSON.stringify(body), "application/json", { status, headers });
  }
}

async function route(grid: ServedGrid, request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const path = /\/v1\/(.*?)\/?$/.exec(pathname)?.[1] ?? "";
  const models = MODELS.exec(path);
  if (models) {
    allow(request, "GET");
    const { id } = models.groups!;
    return json(
      id === undefined
        ? { object: "list", data: listedModels(grid.state()) }
        : listedModel(decodeURIComponent(id), grid.state()),
    );
  }
  const endpoint = Object.hasOwn(POSTS, path) ? POSTS[path] : undefined;
  if (!endpoint) {
    const known = ["models", ...Object.keys(POSTS)].map((name) => `/v1/${name}`).join(", ");
    throw new HttpError(404, "unknown_url", `There is nothing at ${pathname}. Microgrid serves ${known}.`);
  }
  allow(request, "POST");
  const stop = new AbortController();
  const abort = (): void => stop.abort(request.signal.reason);
  if (request.signal.aborted) abort();
  request.signal.addEventListener("abort", abort, { once: true, signal: stop.signal });
  return endpoint(grid, await bodyOf(request), stop);
}

function textEndpoint<R extends TextRequest, C, W>(api: TextApi<R, C, W>, { named = false } = {}): Endpoint {
  return async (grid, body, stop) => {
    const request = api.read(body);
    await makeReady(grid, request.answers[0]!.generation.model, stop.signal);
    const parts = await begun(answerParts(request, grid.answer, { signal: stop.signal }));
    const cancel = (reason: unknown): void => stop.abort(reason);
    if (!request.stream) return reply(textBody(jsonText(api.whole(parts, request)), cancel), "application/json");
    const failed = (error: unknown): unknown => errorReply(error).body;
    const events = serverSentEvents(api.chunks(parts, request), { named, failed });
    return reply(textBody(events, cancel), "text/event-stream; charset=utf-8");
  };
}

/** Loads the model that a request names, if it is on this device and not loaded. Downloads nothing. */
async function makeReady(grid: ServedGrid, model: string, signal: AbortSignal): Promise<void> {
  if (model === "auto") return;
  const { microgrid } = listedModel(model, grid.state());
  if (microgrid.from === "stored") await grid.load(model, { signal });
}

async function bodyOf(request: Request): Promise<unknown> {
  const text = await request.text();
  if (text.length > MAX_BODY_BYTES) {
    throw new HttpError(
      413,
      "request_too_large",
      `The request is larger than ${MAX_BODY_BYTES >> 20} MiB. Shorten it.`,
    );
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new HttpError(400, "invalid_json", "The body of the request is not valid JSON.");
  }
}

function allow(request: Request, method: "GET" | "POST"): void {
  if (request.method === method) return;
  throw new HttpError(405, "method_not_allowed", `Use ${method} here, not ${request.method}.`, { allow: method });
}

function json(value: unknown): Response {
  return reply(JSON.stringify(value), "application/json");
}

function reply(
  body: string | ReadableStream<Uint8Array>,
  type: string,
  { status = 200, headers = {} }: { status?: number; headers?: Readonly<Record<string, string>> } = {},
): Response {
  return new Response(body as BodyInit, {
    status,
    headers: { "content-type": type, "cache-control": "no-store", "x-request-id": `req_${randomId(12)}`, ...headers },
  });
}
