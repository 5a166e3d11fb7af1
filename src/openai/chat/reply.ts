/** Answers as chat completions and their chunks. */
import type { ChatCompletionChunk, ChatCompletionTokenLogprob } from "openai/resources/chat/completions";
import type { TokenLogprob } from "../../inference";
import {
  type AnswerUsage,
  type ChoicePart,
  type EndedAnswer,
  totalUsage,
  wholeAnswers,
  type WholeAnswer,
  addPart,
  nothingYet,
} from "../answer-parts";
import { withUnmarkedThoughts } from "../unmarked-thoughts";
import type { MicrogridChunk, MicrogridCompletion, ReasoningDelta } from "../types";
import type { ChatRequest } from "./request";

/** Writes the chunks of a stream. */
export async function* chatChunks(
  parts: AsyncIterable<ChoicePart>,
  { frame, includeUsage }: ChatRequest,
): AsyncGenerator<MicrogridChunk> {
  const answers: WholeAnswer[] = [];
  const chunk = (
    { choice: index }: ChoicePart,
    delta: ReasoningDelta,
    more: Partial<ChatCompletionChunk.Choice> = {},
  ): MicrogridChunk => ({
    ...frame,
    model: answers[index]!.model,
    object: "chat.completion.chunk",
    choices: [{ index, delta, finish_reason: null, ...more }],
    ...(includeUsage && { usage: null }),
  });
  for await (const part of parts) {
    addPart((answers[part.choice] ??= nothingYet()), part);
    switch (part.type) {
      case "begin":
        yield chunk(part, { role: "assistant", content: "" });
        break;
      case "reasoning":
        yield chunk(part, { reasoning_content: part.text });
        break;
      case "text":
        yield chunk(part, { content: part.text }, part.logprobs ? { logprobs: logprobsOf(part.logprobs) } : {});
        break;
      case "call": {
        const { index, id, name } = part;
        yield chunk(part, { tool_calls: [{ index, id, type: "function", function: { name, arguments: "" } }] });
        break;
      }
      case "arguments":
        yield chunk(part, { tool_calls: [{ index: part.index, function: { arguments: part.text } }] });
        break;
      case "end":
        yield { ...chunk(part, {}, { finish_reason: part.finishReason }), microgrid: part.summary };
    }
  }
  const [first] = answers;
  if (!includeUsage || !first?.end) return;
  yield {
    ...frame,
    model: first.model,
    object: "chat.completion.chunk",
    choices: [],
    usage: usageOf(totalUsage(answers as EndedAnswer[])),
    microgrid: first.end.summary,
  };
}

/** Writes a whole completion. */
export async function chatCompletion(
  parts: AsyncIterable<ChoicePart>,
  { frame }: ChatRequest,
): Promise<MicrogridCompletion> {
  const answers = await wholeAnswers(withUnmarkedThoughts(parts));
  const [first] = answers;
  return {
    ...frame,
    model: first!.model,
    object: "chat.completion",
    choices: answers.map(choiceOf),
    usage: usageOf(totalUsage(answers)),
    microgrid: first!.end.summary,
  };
}

function choiceOf(
  { text, reasoning, calls, logprobs, end }: EndedAnswer,
  index: number,
): MicrogridCompletion["choices"][number] {
  return {
    index,
    message: {
      role: "assistant",
      content: text === "" && calls.length > 0 ? null : text,
      refusal: null,
      ...(reasoning !== "" && { reasoning_content: reasoning }),
      ...(calls.length > 0 && {
        tool_calls: calls.map(({ id, name, arguments: json }) => ({
          id,
          type: "function" as const,
          function: { name, arguments: json },
        })),
      }),
    },
    finish_reason: end.finishReason,
    logprobs: logprobs.length > 0 ? logprobsOf(logprobs) : null,
  };
}

function logprobsOf(logprobs: readonly TokenLogprob[]): ChatCompletionChunk.Choice.Logprobs {
  return { content: logprobs.map(tokenLogprob), refusal: null };
}

function tokenLogprob({ top, ...own }: TokenLogprob): ChatCompletionTokenLogprob {
  const entry = ({ text, logprob, bytes }: Omit<TokenLogprob, "top">) => ({ token: text, logprob, bytes: [...bytes] });
  return { ...entry(own), top_logprobs: top.map(entry) };
}

function usageOf({ promptTokens, completionTokens, cachedTokens, reasoningTokens }: AnswerUsage) {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
    completion_tokens_details: { reasoning_tokens: reasoningTokens },
  };
}
