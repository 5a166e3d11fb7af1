/** The HTTP API, over a grid whose answers are given. */
import OpenAI, { APIError, BadRequestError, InternalServerError, NotFoundError } from "openai";
import { describe, expect, test } from "vitest";
import { MicrogridError, deferred } from "../../core";
import type { AnswerEvent, GridState } from "../../node";
import type { Answer } from "../answer-parts";
import { all, answering, eventsOf } from "../testing";
import { type ServedGrid, serveApi } from "./serve";

const offer = { model: "m", name: "Model M", contextLength: 2048 };
const stored = { id: "s", name: "Model S", stored: "yes", fit: { fits: true }, contextLength: 1024 };
const state = {
  loads: { m: { kind: "ready", offer } },
  pipelines: [],
  room: { peers: [{ sharing: true, offers: [offer, { ...offer, model: "p", name: "Model P" }] }] },
  models: [{ ...stored, id: "m" }, stored, { ...stored, id: "absent", stored: "no" }],
} as unknown as GridState;

function gridOf(answer: Answer = answering(eventsOf(["Hel", "lo"])).answer) {
  const loaded: string[] = [];
  const grid: ServedGrid = {
    state: () => state,
    answer,
    embed: () => Promise.reject(new Error("not in these tests")),
    load: (id) => {
      loaded.push(id);
      return Promise.resolve();
    },
  };
  const fetch = (input: string | URL | Request, init?: RequestInit): Promise<Response> =>
    serveApi(grid, new Request(input, init));
  const client = new OpenAI({ baseURL: "https://microgrid.test/site/v1", apiKey: "none", fetch, maxRetries: 0 });
  return { client, fetch, loaded };
}

const ask = { model: "m", messages: [{ role: "user" as const, content: "Hi" }] };
const url = "https://microgrid.test/v1/chat/completions";
const post = (body: string): RequestInit => ({ method: "POST", body });

describe("OpenAI's own client", () => {
  test("lists models: the nearest offer of each, and those that can be loaded", async () => {
    const { client } = gridOf();
    const { data } = await client.models.list();
    expect(data.map((model) => [model.id, (model as never as { microgrid: { from: string } }).microgrid.from])).toEqual(
      [
        ["m", "device"],
        ["p", "room"],
        ["s", "stored"],
      ],
    );
    expect(await client.models.retrieve("p")).toMatchObject({ id: "p", object: "model", owned_by: "microgrid" });
    await expect(client.models.retrieve("absent")).rejects.toThrow(NotFoundError);
  });

  test("gets whole answers and streams", async () => {
    const { client } = gridOf();
    const completion = await client.chat.completions.create(ask);
    expect(completion.choices[0]?.message.content).toBe("Hello");
    expect(completion._request_id).toMatch(/^req_/);
    const stream = await client.chat.completions.create({
      ...ask,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = await all(stream);
    expect(chunks.map(({ choices: [choice] }) => choice?.delta.content ?? "").join("")).toBe("Hello");
    expect(chunks.at(-1)?.usage).toMatchObject({ prompt_tokens: 10, completion_tokens: 4 });
    const text = await client.completions.create({ model: "m", prompt: ["One", "Two"], echo: true });
    expect(text.choices.map((choice) => choice.text)).toEqual(["OneHello", "TwoHello"]);
    expect(text.usage).toMatchObject({ prompt_tokens: 20, completion_tokens: 8 });
    const several = { model: "m", prompt: ["One", "Two"], n: 2 };
    const { usage } = await client.completions.create(several);
    expect(usage).toMatchObject({ prompt_tokens: 20, completion_tokens: 16 });
    const same = await client.completions.create({ model: "m", prompt: ["One", "One"] });
    expect(same.usage).toMatchObject({ prompt_tokens: 20, completion_tokens: 8 });
    const counted = { ...several, stream: true as const, stream_options: { include_usage: true } };
    expect((await all(client.completions.create(counted))).at(-1)?.usage).toEqual(usage);
    const withUsage = await all(client.completions.create(counted));
    expect(withUsage.slice(0, -1).every((piece) => piece.usage === null)).toBe(true);
    const pieces = await all(client.completions.create({ model: "m", prompt: "One", stream: true }));
    expect(pieces.map(({ choices: [choice] }) => choice?.text ?? "").join("")).toBe("Hello");
  });

  test("gets responses and their events", async () => {
    const { client } = gridOf();
    const response = await client.responses.create({ model: "m", input: "Hi" });
    expect(response).toMatchObject({ status: "completed", output_text: "Hello", usage: { output_tokens: 4 } });
    const events = await all(client.responses.create({ model: "m", input: "Hi", stream: true }));
    expect(events.map(({ type }) => type)).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.delta",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.completed",
    ]);
    expect(events.map((event) => (event as { sequence_number: number }).sequence_number)).toEqual(
      events.map((_, index) => index),
    );
  });

  test("loads a model that is on this device, and asks for no download", async () => {
    const { client, loaded } = gridOf();
    await client.chat.completions.create({ ...ask, model: "s" });
    expect(loaded).toEqual(["s"]);
    await expect(client.chat.completions.create({ ...ask, model: "absent" })).rejects.toMatchObject({
      status: 404,
      code: "model_not_found",
    });
    expect(loaded).toEqual(["s"]);
  });

  test.each([
    ["a wrong field", { ...ask, temperature: 9 }, { status: 400, type: "invalid_request_error", param: "temperature" }],
    ["a field inside", { ...ask, messages: [{ role: "user", content: 7 }] }, { param: "messages.0.content" }],
  ])("hears which field is wrong: %s", async (_, body, expected) => {
    const error: unknown = await gridOf()
      .client.chat.completions.create(body as never)
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject(expected);
  });

  test.each([
    [{ echo: true, logprobs: 0 }, "logprobs"],
    [{ stream_options: { include_usage: true } }, "stream_options"],
    [{ best_of: 2 }, "best_of"],
    [{ suffix: "x" }, "suffix"],
    [{ max_completion_tokens: 3 }, "max_completion_tokens"],
  ])("hears which field of a text completion is refused: %j", async (body, param) => {
    const refused = gridOf().client.completions.create({ model: "m", prompt: "One", ...body } as never);
    await expect(refused).rejects.toMatchObject({ status: 400, param });
  });

  const schema = { name: "a", schema: { type: "object" } };
  const calling = { tools: [{ type: "function", function: { name: "f" } }] };
  test.each([
    ["chat/completions", { reasoning_effort: "low" }, "template.reasoning_effort", "reasoning_effort"],
    ["chat/completions", { chat_template_kwargs: { colour: "red" } }, "template.colour", "chat_template_kwargs.colour"],
    [
      "chat/completions",
      { response_format: { type: "json_schema", json_schema: schema } },
      "format",
      "response_format",
    ],
    ["chat/completions", calling, "tools", "tools"],
    ["chat/completions", { logit_bias: { "900": 1 } }, "logitBias", "logit_bias"],
    ["chat/completions", { response_format: { type: "json_object" } }, undefined, null],
    ["chat/completions", {}, "messages.0", "messages.0"],
    ["chat/completions", {}, "colours", null],
    ["responses", { input: "Hi" }, "messages.0", "input"],
    ["completions", { prompt: "" }, "prompt", "prompt"],
    ["responses", { input: "Hi", reasoning: { effort: "low" } }, "template.reasoning_effort", "reasoning.effort"],
    ["responses", { input: "Hi", text: { format: { type: "json_schema", ...schema } } }, "format", "text.format"],
  ])("hears which field the model refused: %s %j %s", async (path, body, field, param) => {
    const { client } = gridOf(async function* () {
      yield* eventsOf([]).slice(0, 1);
      throw new MicrogridError("bad-request", "No.", { field });
    });
    const messages = path === "chat/completions" ? { messages: ask.messages } : {};
    const refused = client.post(`/${path}`, { body: { model: "m", ...messages, ...body } });
    await expect(refused).rejects.toMatchObject({ status: 400, param, error: { message: "No." } });
  });

  test.each([
    [
      new MicrogridError("context-exceeded", "Too long."),
      BadRequestError,
      { code: "context_length_exceeded", param: "messages" },
    ],
    [new MicrogridError("no-provider", "Nobody."), InternalServerError, { status: 503, code: "no-provider" }],
    [new MicrogridError("device-lost", "Gone."), InternalServerError, { status: 500, code: "device-lost" }],
  ])("gets an error before the answer as a status: %s", async (failure, type, expected) => {
    // oxlint-disable-next-line require-yield -- it fails before it has anything to give
    const { client } = gridOf(async function* () {
      throw failure;
    });
    for (const stream of [true, false]) {
      const error: unknown = await client.chat.completions
        .create({ ...ask, stream })
        .catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(type);
      expect(error).toMatchObject(expected);
    }
  });

  test("gets an error in the middle of a stream", async () => {
    const { client } = gridOf(async function* () {
      yield* eventsOf(["Hel"]).slice(0, 2);
      throw new MicrogridError("peer-lost", "The device went away.");
    });
    const stream = await client.chat.completions.create({ ...ask, stream: true });
    const seen: string[] = [];
    const error: unknown = await (async () => {
      for await (const chunk of stream) seen.push(chunk.choices[0]?.delta.content ?? "");
      return undefined;
    })().catch((reason: unknown) => reason);
    expect(seen.join("")).toBe("Hel");
    expect(error).toBeInstanceOf(APIError);
    expect((error as Error).message).toContain("The device went away.");
  });

  test.each([true, false])("stops the work by an abort, with stream: %s", async (stream) => {
    const begun = deferred<AbortSignal>();
    const { client } = gridOf(async function* (_, { signal }): AsyncGenerator<AnswerEvent> {
      yield* eventsOf(["Hel"]).slice(0, 2);
      begun.resolve(signal!);
      await new Promise((_resolve, reject) => signal!.addEventListener("abort", () => reject(signal!.reason as Error)));
    });
    const abort = new AbortController();
    const asked = client.chat.completions.create({ ...ask, stream }, { signal: abort.signal }).then(async (reply) => {
      if (Symbol.asyncIterator in reply) for await (const _ of reply);
    });
    asked.catch(() => undefined);
    const signal = await begun.promise;
    expect(signal.aborted).toBe(false);
    abort.abort();
    await expect.poll(() => signal.aborted).toBe(true);
    await asked.catch(() => undefined);
  });
});

describe("any client", () => {
  test.each([
    ["an unknown address", "https://microgrid.test/v1/files", { method: "GET" }, 404, "unknown_url"],
    ["a prototype's field", "https://microgrid.test/v1/constructor", post("{}"), 404, "unknown_url"],
    ["the wrong method", url, { method: "GET" }, 405, "method_not_allowed"],
    ["a body that is no JSON", url, post("{"), 400, "invalid_json"],
    ["a body that is no object", url, post("7"), 400, null],
    ["a body without end", url, post(" ".repeat(16 * 1024 * 1024 + 1)), 413, "request_too_large"],
  ])("hears about %s", async (_, address, init, status, code) => {
    const reply = await gridOf().fetch(address, init);
    expect(reply.status).toBe(status);
    expect(await reply.json()).toMatchObject({ error: { code, param: null, message: expect.any(String) as unknown } });
  });

  test("gets the head of a stream as soon as the model has accepted the request", async () => {
    const reading = deferred<void>();
    const [route, ...rest] = eventsOf(["Hello"]);
    const { fetch } = gridOf(async function* () {
      yield route!;
      yield { type: "accepted" };
      await reading.promise;
      yield* rest;
    });
    const { status, body } = await fetch(url, post(JSON.stringify({ ...ask, stream: true })));
    expect(status).toBe(200);
    const reader = body!.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toContain('"role":"assistant"');
    reading.resolve();
    expect(new TextDecoder().decode((await reader.read()).value)).toContain("Hello");
    await reader.cancel();
  });

  test("reads a stream of events that ends with a mark", async () => {
    const reply = await gridOf().fetch(url, post(JSON.stringify({ ...ask, stream: true })));
    expect(reply.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    const text = await reply.text();
    expect(text.startsWith("data: {")).toBe(true);
    expect(text.endsWith("\n\ndata: [DONE]\n\n")).toBe(true);
  });
});
