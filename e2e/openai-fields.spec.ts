/** Every field of requests to OpenAI's HTTP API, through the site's Service Worker: it has its effect, or is refused by its name. */
import type { ChatCompletion } from "openai/resources/chat/completions";
import { type SitePage, controlledSite, expect, loadModel, post, test } from "./harness";

const QUESTION = "What is the capital of Japan?";
const ANSWER = "The capital of Japan is Tokyo.";
const messages = [{ role: "user", content: QUESTION }];
const parameters = {
  type: "object",
  properties: { city: { enum: ["Paris", "Rome"] } },
  required: ["city"],
  additionalProperties: false,
};
const weather = { type: "function", function: { name: "weather", description: "Tells the weather.", parameters } };

interface Refused {
  readonly status: number;
  readonly error: { readonly param: string | null };
}

/** The reply to a chat, which has to come. */
async function chat(site: SitePage, body: object): Promise<ChatCompletion> {
  const { status, text } = await post(site, "chat/completions", { model: "guide", messages, ...body });
  expect(status, text).toBe(200);
  return JSON.parse(text) as ChatCompletion;
}

async function said(site: SitePage, body: object): Promise<string> {
  return (await chat(site, body)).choices[0]!.message.content!;
}

/** Why a request is refused. */
async function refusal(site: SitePage, path: string, body: object): Promise<Refused> {
  const { status, text } = await post(site, path, { model: "guide", ...body });
  return { status, ...(JSON.parse(text) as { error: { param: string | null } }) };
}

test("the fields of a chat have their effects", async ({ openSite }) => {
  const site = await controlledSite(openSite);
  await loadModel(site);
  const hot = { temperature: 2, max_tokens: 24 };
  const [one, again, other] = [
    await said(site, { ...hot, seed: 1 }),
    await said(site, { ...hot, seed: 1 }),
    await said(site, { ...hot, seed: 2 }),
  ];
  expect([again, other === one]).toEqual([one, false]);
  expect(await said(site, { temperature: 2, top_p: 0 })).toBe(ANSWER);
  for (const limit of ["max_tokens", "max_completion_tokens"]) {
    const cut = await chat(site, { [limit]: 3 });
    expect([cut.usage?.completion_tokens, cut.choices[0]?.finish_reason]).toEqual([3, "length"]);
  }
  expect(await said(site, { stop: "Japan" })).toBe("The capital of ");
  expect(await said(site, { stop: ["Tokyo", "is"] })).toBe("The capital of Japan ");
  const several = await chat(site, { ...hot, n: 2, seed: 1 });
  expect(several.choices.map(({ index, message }) => [index, message.content])).toEqual([
    [0, one],
    [1, other],
  ]);

  // A reward for what was said makes a model say it again, and a penalty keeps it from that.
  const endless = { "0": -100, "1": -100, "2": -100 };
  const plain = await said(site, { max_tokens: 60, logit_bias: endless });
  for (const field of ["presence_penalty", "frequency_penalty"]) {
    expect(await said(site, { max_tokens: 60, logit_bias: endless, [field]: 2 })).not.toBe(plain);
  }
  const { choices } = await chat(site, { logit_bias: { "70": 100 }, max_tokens: 3, logprobs: true });
  expect(new Set(choices[0]?.logprobs?.content?.map(({ token }) => token)).size).toBe(1);

  for (const label of [
    { user: "u" },
    { metadata: { a: "b" } },
    { store: false },
    { service_tier: "auto" },
    { modalities: ["text"] },
  ]) {
    expect(await said(site, label)).toBe(ANSWER);
  }
});

test("the bytes of tokens make up characters that no token is alone", async ({ openSite }) => {
  const site = await controlledSite(openSite);
  await loadModel(site);
  const format = { type: "grammar", syntax: "regex", definition: "👍é" };
  const { choices } = await chat(site, { response_format: format, logprobs: true, top_logprobs: 2 });
  expect(choices[0]?.message.content).toBe("👍é");
  const tokens = choices[0]!.logprobs!.content!;
  expect(tokens.length).toBeGreaterThan(2);
  expect(tokens.every(({ top_logprobs: top }) => top.length === 2)).toBe(true);
  expect(Buffer.from(tokens.flatMap(({ bytes }) => bytes!)).toString()).toBe("👍é");
});

test("answers have the form that is asked for, and tools are called as asked", async ({ openSite }) => {
  const site = await controlledSite(openSite);
  await loadModel(site);
  const json = await said(site, { response_format: { type: "json_object" }, max_tokens: 40 });
  expect(JSON.parse(json)).toBeInstanceOf(Object);
  const schema = { name: "place", strict: true, schema: parameters };
  const place = await said(site, { response_format: { type: "json_schema", json_schema: schema } });
  expect(JSON.parse(place)).toEqual({ city: expect.stringMatching(/^(Paris|Rome)$/) as unknown });
  const ebnf = { type: "grammar", syntax: "ebnf", definition: 'root ::= "yes" | "no"' };
  expect(await said(site, { response_format: ebnf })).toMatch(/^(yes|no)$/);

  const called = async (choice: unknown): Promise<unknown[]> => {
    const body = { tools: [weather], tool_choice: choice, parallel_tool_calls: false };
    const { message } = (await chat(site, body)).choices[0]!;
    return (message.tool_calls ?? []).flatMap((call): unknown[] =>
      call.type === "function" ? [JSON.parse(call.function.arguments)] : [],
    );
  };
  const trip = { city: expect.stringMatching(/^(Paris|Rome)$/) as unknown };
  expect(await called("required")).toEqual([trip]);
  expect(await called({ type: "function", function: { name: "weather" } })).toEqual([trip]);
  expect(await called("none")).toEqual([]);
  const named = {
    input: QUESTION,
    tools: [{ type: "function", name: "weather", parameters }],
    tool_choice: { type: "function", name: "weather" },
  };
  const response = await post(site, "responses", { model: "guide", parallel_tool_calls: false, ...named });
  expect(JSON.parse(response.text)).toMatchObject({ output: [{ type: "function_call", name: "weather" }] });
});

test("messages are read as agents send them", async ({ openSite }) => {
  const site = await controlledSite(openSite);
  await loadModel(site);
  const call = { id: "call_1", type: "function", function: { name: "weather", arguments: '{"city":"Paris"}' } };
  const agent = [
    { role: "developer", content: "Be brief." },
    { role: "user", content: "" },
    {
      role: "user",
      content: [
        { type: "text", text: "How is the weather?" },
        { type: "text", text: "" },
      ],
    },
    { role: "assistant", content: null, tool_calls: [call] },
    { role: "tool", tool_call_id: "call_1", content: "" },
    { role: "tool", tool_call_id: "call_1", content: [{ type: "text", text: "Sunny" }] },
    { role: "assistant", content: "" },
    { role: "assistant", content: "It is sunny.", tool_calls: null },
    { role: "user", content: QUESTION },
  ];
  expect(await said(site, { messages: agent, tools: [weather], tool_choice: "none", max_tokens: 20 })).not.toBe("");
});

test("a field that cannot be honoured is refused by its name", async ({ openSite }) => {
  const site = await controlledSite(openSite, { expectProblems: ["status of 400"] });
  await loadModel(site);
  const chats: [object, string][] = [
    [{ reasoning_effort: "low" }, "reasoning_effort"],
    [{ chat_template_kwargs: { colour: "red" } }, "chat_template_kwargs.colour"],
    [{ store: true }, "store"],
    [{ service_tier: "flex" }, "service_tier"],
    [{ modalities: ["audio"] }, "modalities.0"],
    [{ functions: [] }, "functions"],
    [{ prediction: {} }, "prediction"],
    [{ logit_bias: { "900000": 1 } }, "logit_bias"],
    [
      {
        response_format: { type: "json_schema", json_schema: { name: "a", schema: { unevaluatedProperties: false } } },
      },
      "response_format",
    ],
    [{ response_format: { type: "grammar", syntax: "regex", definition: "((" } }, "response_format"],
    [
      { messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "data:," } }] }] },
      "messages.0.content.0",
    ],
    [{ messages: [{ role: "user", content: "cat ".repeat(4_000) }] }, "messages"],
  ];
  for (const [body, param] of chats) {
    expect(await refusal(site, "chat/completions", { messages, ...body })).toMatchObject({
      status: 400,
      error: { param },
    });
  }
  const texts: [object, string][] = [
    [{ prompt: "" }, "prompt"],
    [{ echo: true, logprobs: 1 }, "logprobs"],
    [{ suffix: "end" }, "suffix"],
    [{ best_of: 3 }, "best_of"],
  ];
  for (const [body, param] of texts) {
    expect(await refusal(site, "completions", { prompt: "One", ...body })).toMatchObject({
      status: 400,
      error: { param },
    });
  }
  const responses: [object, string][] = [
    [{ previous_response_id: "resp_1" }, "previous_response_id"],
    [{ reasoning: { effort: "low" } }, "reasoning.effort"],
  ];
  for (const [body, param] of responses) {
    expect(await refusal(site, "responses", { input: "Hi", ...body })).toMatchObject({ status: 400, error: { param } });
  }
});
