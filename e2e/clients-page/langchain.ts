/** LangChain's library, with its classes for OpenAI's API. */
import { HumanMessage, ToolMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai";
import { type Client, ENDLESS, type Fetch, PERSON, WEATHER } from "./clients";

export function langchainClient(baseURL: string, fetch?: Fetch): Client {
  const configuration = { baseURL, dangerouslyAllowBrowser: true, ...(fetch && { fetch }) };
  const settings = { model: "guide", apiKey: "none", maxRetries: 0, configuration };
  const model = new ChatOpenAI(settings);
  return {
    async chat(question, { maxTokens } = {}) {
      const limited = maxTokens === undefined ? model : new ChatOpenAI({ ...settings, maxTokens });
      return (await limited.invoke(question)).text;
    },
    async *stream(question, { signal, endless = false } = {}) {
      const asked = endless
        ? new ChatOpenAI({
            ...settings,
            maxTokens: ENDLESS.max_tokens,
            modelKwargs: { logit_bias: ENDLESS.logit_bias },
          })
        : model;
      for await (const chunk of await asked.stream(question, signal ? { signal } : {})) yield chunk.text;
    },
    async tools(question) {
      const weather = tool(() => "Sunny", {
        name: WEATHER.name,
        description: WEATHER.description,
        schema: WEATHER.parameters,
      });
      const human = new HumanMessage(question);
      const message = await model.bindTools([weather], { tool_choice: "required" }).invoke([human]);
      const results = (message.tool_calls ?? []).map(
        ({ id }) => new ToolMessage({ content: "Sunny", tool_call_id: id ?? "" }),
      );
      const last = await model.bindTools([weather], { tool_choice: "none" }).invoke([human, message, ...results]);
      return {
        called: (message.tool_calls ?? []).map(({ name, args }) => ({ name, input: args })),
        answer: last.text,
      };
    },
    person: (question) =>
      model.withStructuredOutput(PERSON, { name: "person", method: "jsonSchema", strict: true }).invoke(question),
    embed: (name, texts) => new OpenAIEmbeddings({ ...settings, model: name }).embedDocuments([...texts]),
    async wrong(request) {
      const error: unknown = await new ChatOpenAI({ ...settings, ...request })
        .invoke("Hi")
        .catch((reason: unknown) => reason);
      return { status: (error as { status?: number }).status, message: (error as Error).message };
    },
  };
}
