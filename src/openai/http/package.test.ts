/** OpenAI's own library against the HTTP API: what it gives, which parameters its users may send, and which errors they get. */
import {
  APIConnectionTimeoutError,
  APIUserAbortError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  type OpenAI,
} from "openai";
import { describe, expect, test } from "vitest";
import { MicrogridError, deferred } from "../../core";
import type { Answer } from "../answer-parts";
import { all, eventsOf } from "../testing";
import { clientOf } from "../testing/client";

const HELLO = eventsOf(["Hel", "lo"]);
const ask = { model: "m", messages: [{ role: "user" as const, content: "Hi" }] };

describe("every call", () => {
  const { client } = clientOf(HELLO);
  test.each<
    [string, () => { asResponse(): Promise<Response>; withResponse(): Promise<unknown> } & PromiseLike<unknown>]
  >([
    ["chat.completions.create", () => client.chat.completions.create(ask)],
    ["completions.create", () => client.completions.create({ model: "m", prompt: "One" })],
    ["responses.create", () => client.responses.create({ model: "m", input: "Hi" })],
    ["embeddings.create", () => client.embeddings.create({ model: "v", input: "Hi" })],
    ["models.list", () => client.models.list()],
    ["models.retrieve", () => client.models.retrieve("m")],
  ])("gives its value, its reply, and both: %s", async (_, call) => {
    const promise = call();
    const reply = await promise.asResponse();
    expect(reply).toBeInstanceOf(Response);
    expect(reply.headers.get("x-request-id")).toMatch(/^req_/);
    const value = await promise;
    expect(value).not.toBeInstanceOf(Response);
    expect(await promise.withResponse()).toEqual({
      data: value,
      response: reply,
      request_id: reply.headers.get("x-request-id"),
    });
  });
});

describe("parameters", () => {
  const common = { temperature: 1, top_p: 1, metadata: { foo: "bar" }, safety_identifier: "s", user: "u" };
  const cache = { prompt_cache_key: "k", prompt_cache_retention: "in_memory" as const };
  const service = { service_tier: "auto" as const, store: false };
  const parameters = { type: "object", properties: {} };

  test("of chats are taken", async () => {
    const { client, requests } = clientOf(HELLO);
    await client.chat.completions.create({
      model: "m",
      messages: [
        { role: "developer", content: "Be brief.", name: "boss" },
        { role: "user", content: [{ type: "text", text: "Hi" }], name: "anna" },
        { role: "assistant", content: [{ type: "refusal", refusal: "No." }], name: "bot" },
        { role: "user", content: "Please." },
      ],
      ...{ ...common, ...cache, ...service },
      frequency_penalty: -2,
      presence_penalty: -2,
      logit_bias: { 17: 0 },
      logprobs: true,
      top_logprobs: 0,
      max_completion_tokens: 9,
      modalities: ["text"],
      n: 1,
      parallel_tool_calls: true,
      reasoning_effort: "none",
      response_format: { type: "text" },
      // oxlint-disable-next-line typescript/no-deprecated -- clients still send it
      seed: -9007199254740991,
      stop: "\n",
      stream: false,
      tool_choice: "none",
      tools: [{ type: "function", function: { name: "f", description: "d", parameters, strict: true } }],
      verbosity: "medium",
    });
    expect(requests[0]?.generation).toMatchObject({ toolChoice: "none", seed: -9007199254740991, maxTokens: 9 });
  });

  test("of text completions are taken", async () => {
    const { client, requests } = clientOf(HELLO);
    const { choices } = await client.completions.create({
      model: "m",
      prompt: "One ",
      best_of: 1,
      echo: true,
      frequency_penalty: -2,
      presence_penalty: -2,
      logit_bias: { 17: 0 },
      max_tokens: 16,
      n: 1,
      seed: 0,
      stop: ["\n"],
      stream: false,
      suffix: "",
      temperature: 1,
      top_p: 1,
      user: "u",
    });
    expect(choices[0]).toMatchObject({ text: "One Hello", finish_reason: "stop", index: 0 });
    await client.completions.create({ model: "m", prompt: "One ", logprobs: 0 });
    expect(requests.at(-1)?.generation.logprobs).toBe(0);
  });

  test("of responses are taken", async () => {
    const { client, requests } = clientOf(HELLO);
    const stream = await client.responses.create({
      model: "m",
      input: [
        { role: "user", content: [{ type: "input_text", text: "Hi" }] },
        { type: "message", role: "assistant", content: "Hello" },
        { role: "user", content: "Again" },
      ],
      instructions: "Be brief.",
      ...{ ...common, ...cache, ...service },
      background: false,
      include: ["message.output_text.logprobs"],
      max_output_tokens: 9,
      max_tool_calls: 3,
      parallel_tool_calls: false,
      reasoning: { effort: "low", summary: "auto" },
      stream: true,
      stream_options: { include_obfuscation: false },
      text: { format: { type: "text" }, verbosity: "medium" },
      tool_choice: "auto",
      tools: [{ type: "function", name: "f", parameters, strict: false }],
      top_logprobs: 2,
      // oxlint-disable-next-line typescript/no-deprecated -- clients still send it
      truncation: "auto",
    });
    expect((await all(stream)).at(-1)?.type).toBe("response.completed");
    expect(requests[0]?.generation).toMatchObject({ logprobs: 2, maxTokens: 9, shorten: true });
  });

  test.each(["float", "base64"] as const)(
    "of embeddings are taken, as %s and as the library asks by itself",
    async (format) => {
      const { client } = clientOf(HELLO);
      const input = { model: "v", input: "Hi", dimensions: 2, user: "u" };
      const { data } = await client.embeddings.create({ ...input, encoding_format: format });
      const plain = await client.embeddings.create(input);
      for (const [at, value] of [0.6, 0.8].entries()) expect(plain.data[0]?.embedding[at]).toBeCloseTo(value, 6);
      expect(data[0]).toMatchObject({ object: "embedding", index: 0 });
    },
  );
});

test("the list of models is a page without another", async () => {
  const { client } = clientOf(HELLO);
  const page = await client.models.list();
  expect(page.hasNextPage()).toBe(false);
  expect((await all(client.models.list())).map(({ id }) => id)).toEqual(["m", "v"]);
});

describe("errors", () => {
  const failing = (code: MicrogridError["code"]): Answer =>
    // oxlint-disable-next-line require-yield -- it fails before it has anything to give
    async function* () {
      throw new MicrogridError(code, "It failed.");
    };

  test.each<[string, (client: OpenAI) => PromiseLike<unknown>, Answer, new (...args: never[]) => Error, object]>([
    [
      "400 for a wrong value",
      (client) => client.chat.completions.create({ ...ask, temperature: 9 }),
      failing("internal"),
      BadRequestError,
      { status: 400, type: "invalid_request_error", param: "temperature", code: null },
    ],
    [
      "400 for a wrong value of a response",
      (client) => client.responses.create({ model: "m", input: "Hi", previous_response_id: "resp_1" }),
      failing("internal"),
      BadRequestError,
      { status: 400, param: "previous_response_id" },
    ],
    [
      "404 for an unknown model",
      (client) => client.embeddings.create({ model: "absent", input: "Hi" }),
      failing("internal"),
      NotFoundError,
      { status: 404, code: "model_not_found" },
    ],
    [
      "404 for what is not there",
      (client) => client.chat.completions.retrieve("chatcmpl-1"),
      failing("internal"),
      NotFoundError,
      { status: 404, code: "unknown_url" },
    ],
    [
      "503 while nobody can answer",
      (client) => client.responses.create({ model: "m", input: "Hi" }),
      failing("no-provider"),
      InternalServerError,
      { status: 503, code: "no-provider" },
    ],
  ])("have the library's own class: %s", async (_, call, answer, type, fields) => {
    const error: unknown = await Promise.resolve(call(clientOf(answer).client)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(type);
    expect(error).toMatchObject({ ...fields, requestID: expect.stringMatching(/^req_/) as string });
  });

  test("that may pass are tried again", async () => {
    const { client, requests } = clientOf(failing("no-provider"), HELLO);
    const { choices } = await client.chat.completions.create(ask, { maxRetries: 1 });
    expect(choices[0]?.message.content).toBe("Hello");
    expect(requests).toHaveLength(2);
  });
});

describe("a request that is given up", () => {
  const endless = () => {
    const begun = deferred<AbortSignal>();
    const answer: Answer = async function* (_, { signal }) {
      yield* HELLO.slice(0, 2);
      begun.resolve(signal!);
      await new Promise((__, reject) => signal!.addEventListener("abort", () => reject(signal!.reason as Error)));
    };
    return { ...clientOf(answer), begun: begun.promise };
  };

  test("stops the model, by the helper of a stream", async () => {
    const { client, begun } = endless();
    const stream = client.chat.completions.stream(ask);
    const final = stream.finalContent().catch((reason: unknown) => reason);
    const signal = await begun;
    stream.abort();
    expect(await final).toBeInstanceOf(APIUserAbortError);
    await expect.poll(() => signal.aborted).toBe(true);
  });

  test("stops the model, by leaving the loop", async () => {
    const { client, begun } = endless();
    for await (const chunk of await client.chat.completions.create({ ...ask, stream: true })) {
      if (chunk.choices[0]?.delta.content) break;
    }
    const signal = await begun;
    await expect.poll(() => signal.aborted).toBe(true);
  });

  test("stops the model, by a time limit", async () => {
    const silent = deferred<AbortSignal>();
    const { client } = clientOf(async function* (_, { signal }) {
      yield* HELLO.slice(0, 1);
      silent.resolve(signal!);
      await new Promise((__, reject) => signal!.addEventListener("abort", () => reject(signal!.reason as Error)));
    });
    const late = client.chat.completions.create(ask, { timeout: 50 });
    await expect(late).rejects.toThrow(APIConnectionTimeoutError);
    expect((await silent.promise).aborted).toBe(true);
  });
});
