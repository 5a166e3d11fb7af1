import { describe, expect, test } from "vitest";
import { MicrogridError } from "../core";
import type { AnswerEvent, AnswerRequest, Route } from "../node";
import { chatCompletions } from "./completions";

/** Completions whose answers never come; they keep the requests. */
function setUp() {
  const requests: AnswerRequest[] = [];
  const completions = chatCompletions((request) => {
    requests.push(request);
    return (async function* (): AsyncGenerator<AnswerEvent> {})();
  });
  return { requests, completions };
}

const messages = [{ role: "user" as const, content: "Hello" }];

describe("a request", () => {
  test("is understood with all the fields that Microgrid knows", async () => {
    const { requests, completions } = setUp();
    const body = {
      model: "m",
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "Hel" },
            { type: "text", text: "lo" },
          ],
        },
      ],
      temperature: 0,
      top_p: 0.5,
      top_k: 3,
      stop: "\n",
      seed: 7,
      max_tokens: 9,
      stream: true,
      stream_options: { include_usage: true },
      microgrid: { policy: { privacy: "device" }, provider: "local" },
    };
    await completions.create(body as never);
    expect(requests).toMatchObject([
      {
        generation: {
          model: "m",
          messages,
          sampling: { temperature: 0, topP: 0.5, topK: 3 },
          maxTokens: 9,
          seed: 7,
          stop: ["\n"],
        },
        policy: { privacy: "device" },
        provider: "local",
      },
    ]);
  });

  test.each([
    ["a misspelled field", { temprature: 1 }, "“temprature” is not a field that Microgrid knows here."],
    ["a field that has no effect", { user: "u" }, "“user” is not a field that Microgrid knows here."],
    [
      "an unknown field of a message",
      { messages: [{ ...messages[0], tone: "kind" }] },
      "“messages.0.tone” is not a field",
    ],
    ["an unknown choice of Microgrid", { microgrid: { policies: {} } }, "“microgrid.policies” is not a field"],
    ["no model", { model: undefined }, "“model” is missing from the request."],
    ["no messages", { messages: [] }, "“messages” cannot be used. At least one message is needed."],
    [
      "an image",
      { messages: [{ role: "user", content: [{ type: "image_url" }] }] },
      "“messages.0.content” cannot be used. It has to be a text, or a list of parts of type “text”.",
    ],
    ["a wrong type", { seed: "7" }, "“seed” cannot be used."],
    ["tools", { tools: [{}] }, "“tools” cannot be used. Tools are not supported yet."],
  ])("is refused with %s", async (_, change, message) => {
    const { requests, completions } = setUp();
    const error: unknown = await completions
      .create({ model: "m", messages, ...change } as never)
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(MicrogridError);
    expect(error).toMatchObject({ code: "bad-request" });
    expect((error as Error).message).toContain(message);
    expect(requests).toEqual([]);
  });

  test.each([undefined, null, 7, "text", []])("is refused if it is %j", async (body) => {
    await expect(setUp().completions.create(body as never)).rejects.toMatchObject({ code: "bad-request" });
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
  const completions = chatCompletions(async function* () {
    yield* events;
  });

  test("comes apart from the answer, whole and in chunks, and its tokens are counted", async () => {
    const whole = await completions.create({ model: "m", messages });
    expect(whole.choices[0]?.message).toMatchObject({ content: "Yes.", reasoning_content: "Hm." });
    expect(whole.usage?.completion_tokens_details).toEqual({ reasoning_tokens: 3 });
    const deltas = [];
    for await (const { choices } of await completions.create({ model: "m", messages, stream: true })) {
      deltas.push(choices[0]?.delta);
    }
    expect(deltas.slice(1)).toEqual([{ reasoning_content: "Hm." }, { content: "Yes." }, {}]);
  });

  test("is asked for by OpenAI's field, by a switch of its own, and by any variable of the template", async () => {
    const { requests, completions: asked } = setUp();
    const more = {
      enable_thinking: false,
      reasoning_effort: "low",
      chat_template_kwargs: { date_string: "1 May" },
    } as const;
    const before = { role: "assistant", content: "Hi", reasoning_content: "Hm." } as never;
    await asked.create({ model: "m", messages: [...messages, before], stream: true, ...more });
    const { template, messages: sent } = requests[0]!.generation;
    expect(template).toEqual({ enable_thinking: false, reasoning_effort: "low", date_string: "1 May" });
    expect(sent.at(-1)).toEqual({ role: "assistant", content: "Hi", reasoning: "Hm." });
  });
});

test.each(["frequency_penalty", "presence_penalty"])(
  "%s is refused by name unless it changes nothing",
  async (name) => {
    const { completions } = setUp();
    await completions.create({ model: "m", messages, stream: true, [name]: 0 });
    await expect(completions.create({ model: "m", messages, [name]: 0.5 })).rejects.toMatchObject({
      code: "bad-request",
      message: expect.stringContaining(`“${name}” cannot be used. Penalties are not supported yet`) as unknown,
    });
  },
);

test("logit_bias is refused by name unless it changes nothing", async () => {
  const { completions } = setUp();
  await completions.create({ model: "m", messages, stream: true, logit_bias: {} });
  await expect(completions.create({ model: "m", messages, logit_bias: { 5: 1 } })).rejects.toThrow("“logit_bias”");
});
