/** OpenAI's own library. */
import OpenAI, { APIError } from "openai";
import { type Client, ENDLESS, type Fetch, PERSON, WEATHER } from "./clients";

const model = "guide";

export function openaiClient(baseURL: string, fetch?: Fetch): Client {
  const own = { ...(fetch && { fetch }) };
  const client = new OpenAI({ baseURL, apiKey: "none", dangerouslyAllowBrowser: true, maxRetries: 0, ...own });
  const ask = (content: string) => ({ model, messages: [{ role: "user" as const, content }] });
  return {
    async chat(question, { maxTokens } = {}) {
      const body = { ...ask(question), ...(maxTokens !== undefined && { max_completion_tokens: maxTokens }) };
      return (await client.chat.completions.create(body)).choices[0]?.message.content ?? "";
    },
    async *stream(question, { signal, endless = false } = {}) {
      const body = { ...ask(question), stream: true as const, ...(endless && ENDLESS) };
      for await (const { choices } of await client.chat.completions.create(body, signal ? { signal } : {})) {
        yield choices[0]?.delta.content ?? "";
      }
    },
    async tools(question) {
      const tools = [{ type: "function" as const, function: { ...WEATHER, strict: true } }];
      const first = await client.chat.completions.create({ ...ask(question), tools, tool_choice: "required" });
      const { message } = first.choices[0]!;
      const calls = (message.tool_calls ?? []).filter((call) => call.type === "function");
      const results = calls.map(({ id }) => ({ role: "tool" as const, tool_call_id: id, content: "Sunny" }));
      const messages = [...ask(question).messages, message, ...results];
      const last = await client.chat.completions.create({ model, messages, tools, tool_choice: "none" });
      return {
        called: calls.map(({ function: call }) => ({ name: call.name, input: JSON.parse(call.arguments) as unknown })),
        answer: last.choices[0]?.message.content ?? "",
      };
    },
    async person(question) {
      const completion = await client.chat.completions.parse({
        ...ask(question),
        response_format: { type: "json_schema", json_schema: { name: "person", strict: true, schema: PERSON } },
      });
      return JSON.parse(completion.choices[0]?.message.content ?? "") as unknown;
    },
    async embed(name, texts) {
      const { data } = await client.embeddings.create({ model: name, input: [...texts] });
      return data.map(({ embedding }) => embedding);
    },
    async wrong(request) {
      const error: unknown = await client.chat.completions
        .create({ ...ask("Hi"), ...request })
        .catch((reason: unknown) => reason);
      const { message } = error as Error;
      return { status: error instanceof APIError ? (error.status as number) : undefined, message };
    },
  };
}
