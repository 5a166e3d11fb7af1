/** Requests of the responses API, and responses in OpenAI's shape. */
import type { ResponseStreamEvent } from "openai/resources/responses/responses";
import { describe, expect, test } from "vitest";
import type { AnswerEvent } from "../../node";
import { answerParts } from "../answer-parts";
import { all, answering, eventsOf } from "../testing";
import { RESPONSES } from "./index";

/** The generation that a body becomes. */
function asked(body: object) {
  return RESPONSES.read({ model: "m", input: "Hi", ...body }).answers[0]!.generation;
}

/** The response to a body, if the model gives these events, and its stream of events. */
async function replyTo(events: readonly AnswerEvent[], body: object = {}) {
  const request = RESPONSES.read({ model: "m", input: "Hi", ...body });
  const { answer } = answering(events);
  const whole = await RESPONSES.whole(answerParts(request, answer), request);
  const stream = await all<ResponseStreamEvent>(RESPONSES.chunks(answerParts(request, answer), request));
  return { whole, stream };
}

describe("a request", () => {
  test("brings its conversation: thoughts, text and calls in a row are one turn", () => {
    const input = [
      { role: "user", content: [{ type: "input_text", text: "Weather?" }] },
      { type: "reasoning", id: "rs_1", summary: [], content: [{ type: "reasoning_text", text: "Look it up." }] },
      {
        type: "message",
        id: "msg_1",
        status: "completed",
        role: "assistant",
        content: [{ type: "output_text", text: "I look.", annotations: [], logprobs: [] }],
      },
      { type: "function_call", id: "fc_1", call_id: "call_1", name: "weather", arguments: "{}", status: "completed" },
      { type: "function_call_output", call_id: "call_1", output: "Sunny" },
      { role: "user", content: "Thanks" },
    ];
    const { messages } = asked({ instructions: "Be brief.", input });
    expect(messages).toEqual([
      { role: "system", content: "Be brief." },
      { role: "user", content: "Weather?" },
      {
        role: "assistant",
        content: "I look.",
        reasoning: "Look it up.",
        toolCalls: [{ id: "call_1", name: "weather", arguments: "{}" }],
      },
      { role: "tool", content: "Sunny", toolCallId: "call_1" },
      { role: "user", content: "Thanks" },
    ]);
  });

  test("brings the summary of a thought where that is all there is", () => {
    const summary = [{ type: "summary_text", text: "Look it up." }];
    const answer = { role: "assistant", content: "Sunny." };
    const { messages } = asked({ input: [{ type: "reasoning", id: "rs_1", summary, content: [] }, answer] });
    expect(messages).toEqual([{ role: "assistant", content: "Sunny.", reasoning: "Look it up." }]);
  });

  test("is understood with the fields that the chat API names differently", () => {
    const generation = asked({
      max_output_tokens: 20,
      truncation: "auto",
      reasoning: { effort: "low" },
      text: { format: { type: "json_schema", name: "a", schema: { type: "object" }, strict: true } },
      tools: [{ type: "function", name: "weather", parameters: { type: "object" }, strict: true }],
      tool_choice: { type: "function", name: "weather" },
      include: ["message.output_text.logprobs"],
    });
    expect(generation).toMatchObject({
      messages: [{ role: "user", content: "Hi" }],
      maxTokens: 20,
      shorten: true,
      template: { reasoning_effort: "low" },
      format: { type: "schema", schema: '{"type":"object"}' },
      tools: [{ name: "weather", parameters: '{"type":"object"}', strict: true }],
      logprobs: 0,
    });
    expect(generation.toolChoice).toEqual({ name: "weather" });
  });

  test.each([
    [
      "an earlier response",
      { previous_response_id: "resp_1" },
      "“previous_response_id” cannot be used. Microgrid keeps",
    ],
    ["work in the background", { background: true }, "“background” cannot be used."],
    ["a tool of OpenAI's own", { tools: [{ type: "web_search" }] }, "“tools.0.type” cannot be used. Only functions"],
    ["a reference", { input: [{ type: "item_reference", id: "a" }] }, "“input.0.type” cannot be used."],
    ["an image", { input: [{ role: "user", content: [{ type: "input_image" }] }] }, "Models get text only"],
    [
      "an unknown field of a part",
      { input: [{ role: "user", content: [{ type: "input_text", text: "Hi", detail: "high" }] }] },
      "“input.0.content.0.detail” is not a field that Microgrid knows here.",
    ],
    ["settings of a stream without one", { stream_options: { include_obfuscation: false } }, "It belongs to a stream."],
    ["a field of the chat API", { messages: [] }, "“messages” is not a field that Microgrid knows here."],
  ])("is refused with %s", (_, body, message) => {
    expect(() => asked(body)).toThrow(message);
  });
});

describe("a response", () => {
  const thinking = [
    ...eventsOf([]).slice(0, 1),
    { type: "reasoning", text: "Hm.", ids: [1] },
    ...eventsOf(["Let me see.", '<tool_call>{"name": "weather", "arguments": {"city": "Paris"}}</tool_call>']).slice(1),
  ] as AnswerEvent[];
  const tools = [{ type: "function", name: "weather" }];

  test("has an item for the thought, the text and each call", async () => {
    const { whole } = await replyTo(thinking, { tools });
    expect(whole).toMatchObject({ object: "response", status: "completed", error: null });
    expect(whole.output).toMatchObject([
      { type: "reasoning", content: [{ type: "reasoning_text", text: "Hm." }], status: "completed" },
      { type: "message", role: "assistant", content: [{ type: "output_text", text: "Let me see." }] },
      { type: "function_call", name: "weather", status: "completed" },
    ]);
    expect(JSON.parse((whole.output[2] as { arguments: string }).arguments)).toEqual({ city: "Paris" });
  });

  test("streams so that the deltas of each item make up the item", async () => {
    const { stream } = await replyTo(thinking, { tools });
    const texts = new Map<string, string>();
    for (const event of stream) {
      if (!event.type.endsWith(".delta")) continue;
      const { item_id: id, delta } = event as { item_id: string; delta: string };
      texts.set(id, (texts.get(id) ?? "") + delta);
    }
    const done = stream.flatMap((event) => (event.type === "response.output_item.done" ? [event.item] : []));
    expect(done.map((item) => ("id" in item ? texts.get(item.id) : ""))).toEqual([
      "Hm.",
      "Let me see.",
      '{"city": "Paris"}',
    ]);
    expect(stream.at(-1)).toMatchObject({ type: "response.completed", response: { output: done } });
  });

  test("says that it is incomplete if it was cut, and that it failed if it did", async () => {
    const { whole, stream } = await replyTo(eventsOf(["Hel"], { finishReason: "length" }));
    expect(whole).toMatchObject({ status: "incomplete", incomplete_details: { reason: "max_output_tokens" } });
    expect(stream.at(-1)?.type).toBe("response.incomplete");
    const request = RESPONSES.read({ model: "m", input: "Hi" });
    const parts = answerParts(request, async function* () {
      yield* eventsOf(["Hel"]).slice(0, 2);
      throw new Error("Lost.");
    });
    expect((await all(RESPONSES.chunks(parts, request))).at(-1)).toMatchObject({
      type: "response.failed",
      response: { status: "failed", error: { message: "Lost." }, output: [{ status: "incomplete" }] },
    });
  });
});
