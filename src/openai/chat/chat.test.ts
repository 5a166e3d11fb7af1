/** Requests for chat completions, and completions in OpenAI's shape. */
import { describe, expect, test } from "vitest";
import { MicrogridError } from "../../core";
import type { AnswerEvent, Route } from "../../node";
import { all, answering, eventsOf } from "../testing";
import { chatCompletions } from "./index";

const messages = [{ role: "user" as const, content: "Hello" }];
const tools = [{ type: "function", function: { name: "weather", parameters: { type: "object" } } }];

/** The request that a body becomes. */
async function asked(body: object) {
  const { answer, requests } = answering(eventsOf(["Hi"]));
  await chatCompletions(answer).create({ model: "m", messages, ...body } as never);
  return requests[0]!;
}

describe("a request", () => {
  test("is understood with all the fields that Microgrid knows", async () => {
    const content = [
      { type: "text", text: "Hel" },
      { type: "text", text: "lo" },
    ];
    const request = await asked({
      messages: [{ role: "user", content }],
      temperature: 0,
      top_p: 0.5,
      top_k: 3,
      presence_penalty: 0.5,
      frequency_penalty: -1,
      logit_bias: { "17": 5 },
      stop: "\n",
      seed: 7,
      max_tokens: 9,
      logprobs: true,
      user: "u",
      metadata: { purpose: "test" },
      store: false,
      service_tier: "auto",
      modalities: ["text"],
      response_format: { type: "json_schema", json_schema: { name: "a", strict: true, schema: { type: "object" } } },
      microgrid: { policy: { privacy: "device" }, provider: "local" },
    });
    expect(request).toEqual({
      generation: {
        model: "m",
        messages,
        sampling: { temperature: 0, topP: 0.5, topK: 3, presencePenalty: 0.5, frequencyPenalty: -1 },
        logitBias: [[17, 5]],
        maxTokens: 9,
        seed: 7,
        stop: ["\n"],
        logprobs: 0,
        format: { type: "schema", schema: '{"type":"object"}' },
      },
      policy: { privacy: "device" },
      provider: "local",
    });
  });

  test("takes messages as agents send them", async () => {
    const call = { id: "call_1", type: "function", function: { name: "weather", arguments: "{}" } };
    const { generation } = await asked({
      messages: [
        { role: "developer", content: "Be brief." },
        { role: "user", content: "" },
        { role: "user", content: "Weather?" },
        { role: "assistant", content: null, refusal: null, annotations: [], tool_calls: [call] },
        { role: "tool", tool_call_id: "call_1", content: [{ type: "text", text: "Sunny" }] },
        { role: "assistant", content: "It is sunny.", audio: null, function_call: null, tool_calls: null },
      ],
      tools,
    });
    expect(generation.messages).toEqual([
      { role: "system", content: "Be brief." },
      { role: "user", content: "" },
      { role: "user", content: "Weather?" },
      { role: "assistant", content: "", toolCalls: [{ id: "call_1", name: "weather", arguments: "{}" }] },
      { role: "tool", content: "Sunny", toolCallId: "call_1" },
      { role: "assistant", content: "It is sunny." },
    ]);
    expect(generation.tools).toEqual([{ name: "weather", parameters: '{"type":"object"}' }]);
  });

  test.each([
    ["auto", "auto"],
    ["required", "required"],
    [{ type: "function", function: { name: "weather" } }, { name: "weather" }],
  ])("chooses tools: %j", async (choice, expected) => {
    const { generation } = await asked({ tools, tool_choice: choice, parallel_tool_calls: false });
    expect(generation).toMatchObject({ toolChoice: expected, parallelToolCalls: false });
  });

  test.each([
    [{ type: "json_object" }, { type: "json" }],
    [
      { type: "grammar", syntax: "regex", definition: "[ab]" },
      { type: "regex", pattern: "[ab]" },
    ],
    [
      { type: "grammar", syntax: "ebnf", definition: 'root ::= "a"' },
      { type: "grammar", grammar: 'root ::= "a"' },
    ],
    [{ type: "text" }, undefined],
  ])("holds the answer to a form: %j", async (response_format, format) => {
    expect((await asked({ response_format })).generation.format).toEqual(format);
  });

  test.each([
    ["a misspelled field", { temprature: 1 }, "“temprature” is not a field that Microgrid knows here."],
    ["a wish that has no effect", { verbosity: "low" }, "“verbosity” cannot be used. It cannot be set."],
    ["a promise that nobody keeps", { store: true }, "“store” cannot be used. Microgrid keeps no answers."],
    [
      "an unknown field of a message",
      { messages: [{ ...messages[0], tone: "kind" }] },
      "“messages.0.tone” is not a field",
    ],
    ["an unknown choice of Microgrid", { microgrid: { policies: {} } }, "“microgrid.policies” is not a field"],
    ["no model", { model: undefined }, "“model” is missing from the request."],
    ["no messages", { messages: [] }, "“messages” cannot be used. At least one message is needed."],
    ["an unknown role", { messages: [{ role: "bot", content: "" }] }, "“messages.0.role” cannot be used. It has to be"],
    [
      "an image",
      { messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "data:" } }] }] },
      "A part of type “image_url” cannot be read here: models get text only.",
    ],
    ["sound as an answer", { modalities: ["audio"] }, "“modalities.0” cannot be used. Models answer in text only."],
    ["a wrong type", { seed: "7" }, "“seed” cannot be used."],
    ["a bias of no token", { logit_bias: { hello: 1 } }, "“logit_bias.hello” cannot be used."],
    ["a tool of another kind", { tools: [{ type: "web_search" }] }, "“tools.0.type” cannot be used. Only functions"],
    ["a choice without tools", { tool_choice: "required" }, "“tool_choice” cannot be used. There are no “tools”."],
    [
      "a tool that is not there",
      { tools, tool_choice: { type: "function", function: { name: "clock" } } },
      "“tool_choice” cannot be used. There is no tool “clock”.",
    ],
    ["alternatives without probabilities", { top_logprobs: 3 }, "“top_logprobs” cannot be used. It needs “logprobs”"],
    ["too many answers", { n: 100 }, "“n” cannot be used. It has to be 8 or less, and it is 100."],
    ["half a seed", { seed: 0.5 }, "“seed” cannot be used. It has to be a whole number, and it is 0.5."],
    ["a stop without text", { stop: "" }, "“stop” cannot be used. It has to be of length 1 or more, and it is 0."],
    ["an unknown effort", { reasoning_effort: "huge" }, 'It has to be "none" or "minimal" or "low"'],
    ["settings of a stream without one", { stream_options: {} }, "“stream_options” cannot be used. It belongs to a"],
    ["two tools of one name", { tools: [...tools, ...tools] }, "“tools” cannot be used. Two tools have the same name."],
    [
      "a call without an id",
      {
        messages: [
          { role: "assistant", tool_calls: [{ id: "", type: "function", function: { name: "f", arguments: "{}" } }] },
        ],
      },
      "“messages.0” cannot be used. It has to be of length 1 or more",
    ],
    [
      "a form without end",
      { response_format: { type: "grammar", syntax: "regex", definition: "a".repeat(5000) } },
      "“response_format” cannot be used. It has to be of length 4096 or less",
    ],
  ])("is refused with %s", async (_, change, message) => {
    const error: unknown = await asked(change).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(MicrogridError);
    expect(error).toMatchObject({ code: "bad-request" });
    expect((error as Error).message).toContain(message);
  });

  test("has the smaller length of two", async () => {
    expect((await asked({ max_tokens: 5, max_completion_tokens: 9 })).generation.maxTokens).toBe(5);
    expect((await asked({ max_tokens: 9, max_completion_tokens: 5 })).generation.maxTokens).toBe(5);
  });

  test.each([undefined, null, 7, "text", []])("is refused if it is %j", async (body) => {
    const { answer } = answering([]);
    await expect(chatCompletions(answer).create(body as never)).rejects.toMatchObject({ code: "bad-request" });
  });
});

describe("thinking", () => {
  const route = { offer: { model: "m" } } as Route;
  const usage = { promptTokens: 1, completionTokens: 4, cachedTokens: 0, prefillMs: 1, decodeMs: 1 };
  const events = [
    { type: "route", route },
    { type: "reasoning", text: "", ids: [1] },
    { type: "reasoning", text: "Hm.", ids: [2, 3] },
    { type: "token", text: "Yes.", ids: [4] },
    { type: "done", finishReason: "stop", usage, summary: {} },
  ] as AnswerEvent[];
  const completions = chatCompletions(answering(events).answer);

  test("comes apart from the answer, whole and in chunks, and its tokens are counted", async () => {
    const whole = await completions.create({ model: "m", messages });
    expect(whole.choices[0]?.message).toMatchObject({ content: "Yes.", reasoning_content: "Hm." });
    expect(whole.usage?.completion_tokens_details).toEqual({ reasoning_tokens: 3 });
    const chunks = await all(completions.create({ model: "m", messages, stream: true }));
    expect(chunks.slice(1).map(({ choices }) => choices[0]?.delta)).toEqual([
      { reasoning_content: "Hm." },
      { content: "Yes." },
      {},
    ]);
  });

  test("comes apart from a whole answer, too, if the model marks only its end, and stays where it is in chunks", async () => {
    const logprob = (text: string) => ({ text, logprob: -1, bytes: [], top: [] });
    const tokens = ["Hm", ".\n", "</think>", "\n\n", "Yes", "."];
    const unmarked = [
      { type: "route", route },
      ...tokens.map((text, id) => ({ type: "token", text, ids: [id], logprobs: [logprob(text)] })),
      { type: "done", finishReason: "stop", usage, summary: {} },
    ] as AnswerEvent[];
    const { create } = chatCompletions(answering(unmarked).answer);
    const whole = await create({ model: "m", messages, logprobs: true });
    expect(whole.choices[0]?.message).toMatchObject({ content: "Yes.", reasoning_content: "Hm." });
    expect(whole.choices[0]?.logprobs?.content?.map(({ token }) => token)).toEqual(["Yes", "."]);
    const chunks = await all(create({ model: "m", messages, stream: true }));
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe(tokens.join(""));
  });

  test("is asked for by OpenAI's field, by a switch of its own, and by any variable of the template", async () => {
    const before = { role: "assistant", content: "Hi", reasoning_content: "Hm." };
    const { generation } = await asked({
      messages: [...messages, before],
      enable_thinking: false,
      reasoning_effort: "low",
      chat_template_kwargs: { date_string: "1 May" },
    });
    expect(generation.template).toEqual({ enable_thinking: false, reasoning_effort: "low", date_string: "1 May" });
    expect(generation.messages.at(-1)).toEqual({ role: "assistant", content: "Hi", reasoning: "Hm." });
  });
});

describe("tools", () => {
  const called = [
    "I look.\n<tool_call>\n",
    '{"name": "weather", "argu',
    'ments": {"city": "Paris"}}\n</tool',
    "_call>",
  ];
  const completions = chatCompletions(answering(eventsOf(called, { format: "hermes" })).answer);
  const body = { model: "m", messages, tools } as never as Parameters<typeof completions.create>[0];

  test("are called in OpenAI's shape", async () => {
    const { choices } = await completions.create({ ...body, stream: false });
    expect(choices[0]).toMatchObject({
      finish_reason: "tool_calls",
      message: { tool_calls: [{ type: "function", function: { name: "weather" } }] },
    });
    const [call] = choices[0]!.message.tool_calls!;
    expect(call!.id).toMatch(/^call_/);
    expect(JSON.parse((call as { function: { arguments: string } }).function.arguments)).toEqual({ city: "Paris" });
  });

  test("are called in pieces of a stream", async () => {
    const chunks = await all(completions.create({ ...body, stream: true }));
    const deltas = chunks.flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? []);
    expect(deltas[0]).toMatchObject({ index: 0, type: "function", function: { name: "weather", arguments: "" } });
    expect(JSON.parse(deltas.map((delta) => delta.function?.arguments ?? "").join(""))).toEqual({ city: "Paris" });
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("tool_calls");
  });

  test("are not looked for where none may be called", async () => {
    const { choices } = await completions.create({ ...body, stream: false, tool_choice: "none" });
    expect(choices[0]).toMatchObject({ finish_reason: "stop", message: { content: called.join("") } });
  });
});

describe("several answers", () => {
  test("are separate choices with seeds of their own, and their tokens add up", async () => {
    const { answer, requests } = answering(eventsOf(["a", "b"]));
    const completion = await chatCompletions(answer).create({ model: "m", messages, n: 2, seed: 5 });
    expect(completion.choices.map(({ index, message }) => [index, message.content])).toEqual([
      [0, "ab"],
      [1, "ab"],
    ]);
    expect(completion.usage).toMatchObject({ prompt_tokens: 10, completion_tokens: 8, total_tokens: 18 });
    expect(requests.map(({ generation }) => generation.seed)).toEqual([5, 6]);
  });

  test("stream side by side, with one usage at the end", async () => {
    const { answer } = answering(eventsOf(["a", "b"]));
    const body = { model: "m", messages, n: 2, stream: true, stream_options: { include_usage: true } } as const;
    const chunks = await all(chatCompletions(answer).create(body));
    const textOf = (choice: number): string =>
      chunks.map(({ choices: [c] }) => (c?.index === choice ? (c.delta.content ?? "") : "")).join("");
    expect([textOf(0), textOf(1)]).toEqual(["ab", "ab"]);
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 8 } });
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
  });

  test("all stop when one fails or when the reader leaves", async () => {
    const signals: AbortSignal[] = [];
    const completions = chatCompletions(async function* (request, { signal }) {
      signals.push(signal!);
      if (request.generation.seed === 2) throw new MicrogridError("out-of-memory", "Full.");
      yield* eventsOf(["a"]).slice(0, 2);
      await new Promise((_, reject) => signal!.addEventListener("abort", () => reject(signal!.reason as Error)));
    });
    await expect(completions.create({ model: "m", messages, n: 2, seed: 1 })).rejects.toThrow("Full.");
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    for await (const chunk of await completions.create({ model: "m", messages, stream: true })) {
      if (chunk.choices[0]?.delta.content) break;
    }
    expect(signals[2]?.aborted).toBe(true);
  });
});
