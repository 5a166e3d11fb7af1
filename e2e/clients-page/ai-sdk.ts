/** Vercel's AI SDK, with its provider for servers that speak OpenAI's API. */
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import {
  APICallError,
  Output,
  embedMany,
  generateObject,
  generateText,
  jsonSchema,
  stepCountIs,
  streamText,
  tool,
} from "ai";
import { type Called, type Client, ENDLESS, type Fetch, PERSON, WEATHER } from "./clients";

export function aiSdkClient(baseURL: string, fetch?: Fetch): Client {
  const provider = createOpenAICompatible({
    name: "microgrid",
    baseURL,
    ...(fetch && { fetch }),
    supportsStructuredOutputs: true,
    transformRequestBody: (body) => (body.max_tokens === ENDLESS.max_tokens ? { ...body, ...ENDLESS } : body),
  });
  const model = provider("guide");
  const settings = { model, maxRetries: 0 };
  return {
    async chat(prompt, { maxTokens } = {}) {
      const limit = maxTokens === undefined ? {} : { maxOutputTokens: maxTokens };
      return (await generateText({ ...settings, prompt, ...limit })).text;
    },
    async *stream(prompt, { signal, endless = false } = {}) {
      const options = {
        ...(signal && { abortSignal: signal }),
        ...(endless && { maxOutputTokens: ENDLESS.max_tokens }),
      };
      for await (const part of streamText({ ...settings, prompt, ...options }).fullStream) {
        if (part.type === "text-delta") yield part.text;
        if (part.type === "error") throw part.error;
        if (part.type === "abort") throw new DOMException("The stream was aborted.", "AbortError");
      }
    },
    async tools(prompt) {
      const called: Called[] = [];
      const weather = tool({
        description: WEATHER.description,
        inputSchema: jsonSchema(WEATHER.parameters),
        execute(input) {
          called.push({ name: WEATHER.name, input });
          return "Sunny";
        },
      });
      const result = await generateText({
        ...settings,
        prompt,
        tools: { weather },
        stopWhen: stepCountIs(2),
        // The first step has to call the tool, and the second one answers.
        prepareStep: ({ stepNumber }) => ({ toolChoice: stepNumber === 0 ? "required" : "none" }),
      });
      return { called, answer: result.text };
    },
    async person(prompt) {
      const schema = jsonSchema<object>(PERSON);
      const { output } = await generateText({ ...settings, prompt, output: Output.object({ schema }) });
      // oxlint-disable-next-line typescript/no-deprecated -- people still use it
      const { object } = await generateObject({ ...settings, prompt, schema });
      // The same request, whose answer is the same.
      return { ...output, ...object };
    },
    async embed(name, values) {
      const { embeddings } = await embedMany({
        model: provider.embeddingModel(name),
        values: [...values],
        maxRetries: 0,
      });
      return embeddings;
    },
    async wrong({ model: asked, temperature }) {
      const request = { ...settings, model: provider(asked), prompt: "Hi", temperature };
      const error: unknown = await generateText(request).catch((reason: unknown) => reason);
      const { message } = error as Error;
      return { status: APICallError.isInstance(error) ? error.statusCode : undefined, message };
    },
  };
}
