import { describe, expect, test } from "vitest";
import { MicrogridError } from "../core";
import type { AnswerEvent, AnswerRequest } from "../node";
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
    [
      "a field that has no effect",
      { presence_penalty: 1 },
      "“presence_penalty” is not a field that Microgrid knows here.",
    ],
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
