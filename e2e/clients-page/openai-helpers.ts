/** The helpers of OpenAI's own library for streams, schemas and tools, each used once. */
import OpenAI from "openai";
import { zodFunction, zodResponseFormat, zodTextFormat } from "openai/helpers/zod";
import type { ParsedChoice } from "openai/resources/chat/completions";
import { z } from "zod";

const Person = z.object({ name: z.string().max(12), age: z.number().int().min(0).max(150) });
const Trip = z.object({ city: z.enum(["Paris", "Rome"]), days: z.number().int().min(1).max(3) });
const WEATHER = { name: "weather", description: "Tells the weather of a city.", parameters: Trip };
const model = "guide";

/** An answer that could call the tool or have a form. */
interface Either {
  readonly reason: string;
  readonly said: unknown;
  readonly calls: readonly unknown[];
}

/** The results of the helpers, to be compared outside of the page. */
export interface Helped {
  /** The whole text of a stream, the last text among its events, and the text of a stream of the responses API. */
  readonly texts: readonly (string | null)[];
  readonly person: unknown;
  /** The arguments with which the tool was run. */
  readonly runs: readonly unknown[];
  readonly either: Either;
  /** Where the tool had to be called. */
  readonly called: Either;
  readonly models: readonly string[];
  readonly requestId: string | null | undefined;
}

/** Uses each helper. */
export async function useHelpers(baseURL: string, question: string): Promise<Helped> {
  const client = new OpenAI({ baseURL, apiKey: "none", dangerouslyAllowBrowser: true, maxRetries: 0 });
  const ask = { model, messages: [{ role: "user" as const, content: question }] };
  const tools = [zodFunction(WEATHER)];

  const stream = client.chat.completions.stream(ask);
  let snapshot = "";
  stream.on("content", (_, text) => (snapshot = text));
  const streamed = await stream.finalContent();

  const beside = { ...ask, tools, response_format: zodResponseFormat(Person, "person") };
  const either = await client.chat.completions.parse(beside);
  const called = await client.chat.completions.parse({ ...beside, tool_choice: "required" });

  const runs: unknown[] = [];
  const run = zodFunction({
    ...WEATHER,
    function: (trip) => {
      runs.push(trip);
      return "Sunny";
    },
  });
  const named = { type: "function" as const, function: { name: WEATHER.name } };
  const limit = { maxChatCompletions: 2 };
  await client.chat.completions.runTools({ ...ask, tools: [run], tool_choice: named }, limit).done();

  const { output_text: responded } = await client.responses.stream({ model, input: question }).finalResponse();
  const text = { format: zodTextFormat(Person, "person") };
  const { output_parsed: person } = await client.responses.parse({ model, input: question, text });

  const models: string[] = [];
  for await (const { id } of client.models.list()) models.push(id);
  const { request_id: requestId } = await client.models.retrieve(model).withResponse();
  return {
    ...{ texts: [streamed, snapshot, responded], person, runs, models, requestId },
    either: eitherOf(either.choices[0]!),
    called: eitherOf(called.choices[0]!),
  };
}

function eitherOf({ finish_reason: reason, message }: ParsedChoice<unknown>): Either {
  const calls = (message.tool_calls ?? []).flatMap((call): unknown[] =>
    call.type === "function" ? [call.function.parsed_arguments] : [],
  );
  return { reason, said: message.parsed, calls };
}
