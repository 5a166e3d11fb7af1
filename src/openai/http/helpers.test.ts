/** OpenAI's own library against the HTTP API: its helpers for streams, schemas and tools. */
import { LengthFinishReasonError } from "openai/error";
import { zodFunction, zodResponseFormat, zodResponsesFunction, zodTextFormat } from "openai/helpers/zod";
import { ChatCompletionStream } from "openai/lib/ChatCompletionStream";
import type { ResponseInput } from "openai/resources/responses/responses";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { MicrogridError } from "../../core";
import { all, eventsOf } from "../testing";
import { clientOf } from "../testing/client";

const HELLO = eventsOf(["Hel", "lo"]);
const ask = { model: "m", messages: [{ role: "user" as const, content: "Hi" }] };
const Person = z.object({ name: z.string(), age: z.number() });
const ADA = { name: "Ada", age: 36 };
const PERSON = eventsOf(['{"name":"Ada",', '"age":36}']);
const CALL = eventsOf(['<tool_call>\n{"name": "weather", ', '"arguments": {"city": "Paris"}}\n</tool_call>'], {
  format: "hermes",
});
const WEATHER = { name: "weather", description: "Tells the weather.", parameters: z.object({ city: z.string() }) };

describe("streams of chats", () => {
  test("tell what happens, and end with the whole", async () => {
    const { client } = clientOf(HELLO);
    const stream = client.chat.completions.stream({ ...ask, stream_options: { include_usage: true } });
    const seen: string[] = [];
    stream.on("connect", () => seen.push("connect"));
    stream.on("content", (delta, text) => seen.push(`${delta}:${text}`));
    stream.on("content.done", ({ content }) => seen.push(`done ${content}`));
    stream.on("message", () => seen.push("message"));
    stream.on("end", () => seen.push("end"));
    expect(await stream.finalContent()).toBe("Hello");
    expect(await stream.totalUsage()).toMatchObject({ prompt_tokens: 10, completion_tokens: 4 });
    const { choices, object, usage } = await stream.finalChatCompletion();
    expect({ object, usage }).toMatchObject({ object: "chat.completion", usage: { total_tokens: 14 } });
    expect(choices[0]).toMatchObject({ finish_reason: "stop", message: { role: "assistant", content: "Hello" } });
    expect(seen).toEqual(["connect", "Hel:Hel", "lo:Hello", "done Hello", "message", "end"]);
  });

  test("tell the arguments of calls as they come, and parse them", async () => {
    const { client } = clientOf(CALL);
    const stream = client.chat.completions.stream({ ...ask, tools: [zodFunction(WEATHER)] });
    const deltas: string[] = [];
    const done: unknown[] = [];
    stream.on("tool_calls.function.arguments.delta", ({ arguments_delta: delta }) => deltas.push(delta));
    stream.on("tool_calls.function.arguments.done", ({ name, parsed_arguments: parsed }) => done.push([name, parsed]));
    const message = await stream.finalMessage();
    expect(JSON.parse(deltas.join(""))).toEqual({ city: "Paris" });
    expect(done).toEqual([["weather", { city: "Paris" }]]);
    const call = { name: "weather", parsed_arguments: { city: "Paris" } };
    expect(message.tool_calls).toMatchObject([{ type: "function", function: call }]);
  });

  test("give what has been parsed so far, and the whole", async () => {
    const { client } = clientOf(PERSON);
    const stream = client.chat.completions.stream({ ...ask, response_format: zodResponseFormat(Person, "person") });
    const parts: unknown[] = [];
    stream.on("content.delta", ({ parsed }) => parts.push(structuredClone(parsed)));
    expect(await stream.finalMessage()).toMatchObject({ parsed: ADA });
    expect(parts).toContainEqual({ name: "Ada" });
  });

  test("can be handed on as a body, and be read twice", async () => {
    const { client } = clientOf(HELLO);
    const body = client.chat.completions.stream(ask).toReadableStream();
    expect(await ChatCompletionStream.fromReadableStream(body).finalContent()).toBe("Hello");
    const [one, other] = (await client.chat.completions.create({ ...ask, stream: true })).tee();
    for (const half of [one, other]) {
      expect((await all(half)).map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe("Hello");
    }
  });
});

describe("helpers for chats", () => {
  test("parse an answer, and arguments of a call beside a form", async () => {
    const form = { response_format: zodResponseFormat(Person, "person"), tools: [zodFunction(WEATHER)] };
    const { client, requests } = clientOf(PERSON, CALL);
    const said = await client.chat.completions.parse({ ...ask, ...form });
    expect(said.choices[0]?.message.parsed).toEqual(ADA);
    const called = await client.chat.completions.parse({ ...ask, ...form });
    expect(called.choices[0]).toMatchObject({ finish_reason: "tool_calls", message: { content: null, parsed: null } });
    expect(called.choices[0]?.message.tool_calls).toMatchObject([
      { function: { parsed_arguments: { city: "Paris" } } },
    ]);
    expect(requests[0]?.generation.tools?.[0]).toMatchObject({ name: "weather", strict: true });
    expect(requests[0]?.generation.format?.type).toBe("schema");
  });

  test("say that an answer was cut", async () => {
    const { client } = clientOf(eventsOf(['{"name":"A'], { finishReason: "length" }));
    const cut = client.chat.completions.parse({ ...ask, response_format: zodResponseFormat(Person, "person") });
    await expect(cut).rejects.toThrow(LengthFinishReasonError);
  });

  test.each([false, true])("run tools until there is an answer, with stream: %s", async (stream) => {
    const { client, requests } = clientOf(CALL, HELLO);
    const asked: unknown[] = [];
    const tool = zodFunction({
      ...WEATHER,
      function: (args: { city: string }) => {
        asked.push(args);
        return "Sunny";
      },
    });
    const body = { ...ask, tools: [tool] };
    const runner = stream
      ? client.chat.completions.runTools({ ...body, stream: true })
      : client.chat.completions.runTools({ ...body, stream: false });
    expect(await runner.finalContent()).toBe("Hello");
    expect(asked).toEqual([{ city: "Paris" }]);
    const [, call, result] = requests[1]!.generation.messages;
    expect(call?.toolCalls).toMatchObject([{ name: "weather" }]);
    expect(result).toEqual({ role: "tool", content: "Sunny", toolCallId: call!.toolCalls![0]!.id });
  });
});

describe("helpers for responses", () => {
  test("parse an answer and the arguments of a call", async () => {
    const { client } = clientOf(PERSON, CALL);
    const body = { model: "m", input: "Who?" };
    const said = await client.responses.parse({ ...body, text: { format: zodTextFormat(Person, "person") } });
    expect(said.output_parsed).toEqual(ADA);
    const called = await client.responses.parse({ ...body, tools: [zodResponsesFunction(WEATHER)] });
    expect(called.output[0]).toMatchObject({ type: "function_call", parsed_arguments: { city: "Paris" } });
  });

  test("tell the events of a stream, and end with the whole", async () => {
    const { client } = clientOf(PERSON);
    const format = zodTextFormat(Person, "person");
    const stream = client.responses.stream({ model: "m", input: "Who?", text: { format } });
    const snapshots: string[] = [];
    stream.on("response.output_text.delta", ({ snapshot }) => snapshots.push(snapshot));
    const types = new Set<string>();
    for await (const { type } of stream) types.add(type);
    expect(snapshots.at(-1)).toBe(JSON.stringify(ADA));
    expect([...types]).toContain("response.completed");
    const final = await stream.finalResponse();
    expect(final).toMatchObject({ status: "completed", output_text: JSON.stringify(ADA), output_parsed: ADA });
  });

  test("tell calls in a stream", async () => {
    const { client } = clientOf(CALL);
    const stream = client.responses.stream({ model: "m", input: "Hi", tools: [zodResponsesFunction(WEATHER)] });
    const snapshots: string[] = [];
    stream.on("response.function_call_arguments.delta", ({ snapshot }) => snapshots.push(snapshot));
    expect((await stream.finalResponse()).output[0]).toMatchObject({ parsed_arguments: { city: "Paris" } });
    expect(JSON.parse(snapshots.at(-1)!)).toEqual({ city: "Paris" });
  });

  test("go on with the output as the next input", async () => {
    const { client, requests } = clientOf(CALL, HELLO);
    const tools = [zodResponsesFunction(WEATHER)];
    const first = await client.responses.create({ model: "m", input: "Weather?", tools });
    const calls = first.output.filter((item) => item.type === "function_call");
    const results = calls.map(({ call_id }) => ({ type: "function_call_output" as const, call_id, output: "Sunny" }));
    const output = first.output as ResponseInput;
    const input = [{ role: "user" as const, content: "Weather?" }, ...output, ...results];
    expect((await client.responses.create({ model: "m", input, tools })).output_text).toBe("Hello");
    expect(requests[1]!.generation.messages.map(({ role }) => role)).toEqual(["user", "assistant", "tool"]);
  });
});

test("errors in the middle of a stream reach its helper", async () => {
  const { client } = clientOf(async function* () {
    yield* HELLO.slice(0, 2);
    throw new MicrogridError("peer-lost", "The device went away.");
  });
  await expect(client.chat.completions.stream(ask).finalContent()).rejects.toThrow("The device went away.");
  const failed = client.responses.stream({ model: "m", input: "Hi" });
  expect((await failed.finalResponse()).error?.message).toBe("The device went away.");
});
