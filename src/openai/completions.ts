/** Text completions: a model goes on with a text, without a chat. OpenAI's older API, which many tools still use. */
import type { Completion, CompletionChoice } from "openai/resources/completions";
import * as v from "valibot";
import type { TokenLogprob } from "../inference";
import {
  type ChoicePart,
  type EndedAnswer,
  type WholeAnswer,
  addPart,
  ended,
  nothingYet,
  totalUsage,
  wholeAnswers,
} from "./answer-parts";
import { checked } from "./check";
import { choicesOf, generationOf, maybe, ownFields, samplingFields, serviceFields, streamOptions } from "./fields";
import { type TextApi, type TextRequest, nowInSeconds, replyId } from "./text-api";

/** Most prompts in one request. */
const MAX_PROMPTS = 16;

const Body = v.strictObject({
  model: v.string(),
  prompt: v.union(
    [v.string(), v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(MAX_PROMPTS))],
    `It has to be a text, or a list of at most ${MAX_PROMPTS} texts`,
  ),
  ...samplingFields,
  ...serviceFields,
  ...ownFields,
  logprobs: maybe(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(5))),
  echo: maybe(v.boolean()),
  best_of: maybe(v.literal(1, "Ask for several answers with “n”")),
  suffix: maybe(v.literal("", "Models here only go on with a text")),
  stream_options: streamOptions,
});

interface CompletionRequest extends TextRequest {
  readonly frame: { readonly id: string; readonly created: number; readonly object: "text_completion" };
  readonly includeUsage: boolean;
  /** The text that each choice begins with: its prompt, or nothing. */
  readonly echoes: readonly string[];
}

/** OpenAI's API for text completions. */
export const COMPLETIONS: TextApi<CompletionRequest, Completion, Completion> = {
  read: readRequest,
  chunks,
  whole,
};

function readRequest(params: unknown): CompletionRequest {
  const body = checked(Body, params);
  const prompts = typeof body.prompt === "string" ? [body.prompt] : body.prompt;
  const answers = prompts.flatMap((prompt) =>
    choicesOf(
      {
        model: body.model,
        messages: [],
        prompt,
        ...generationOf(body),
        ...(body.logprobs != null && { logprobs: body.logprobs }),
      },
      body,
    ),
  );
  return {
    answers,
    stream: body.stream ?? false,
    includeUsage: body.stream_options?.include_usage ?? false,
    echoes: answers.map(({ generation }) => (body.echo ? (generation.prompt ?? "") : "")),
    frame: { id: replyId("cmpl-"), created: nowInSeconds(), object: "text_completion" },
  };
}

async function* chunks(parts: AsyncIterable<ChoicePart>, request: CompletionRequest): AsyncGenerator<Completion> {
  const { frame, includeUsage, echoes } = request;
  const lengths: number[] = [];
  let model = "";
  const answers: WholeAnswer[] = [];
  for await (const part of parts) {
    const { choice } = part;
    addPart((answers[choice] ??= nothingYet()), part);
    const chunk = (text: string, more: Partial<CompletionChoice> = {}): Completion => ({
      ...frame,
      model,
      // The type knows no chunks, in which the reason is missing until the last one.
      choices: [{ index: choice, text, logprobs: null, finish_reason: null as never, ...more }],
    });
    if (part.type === "begin") {
      ({ model } = part);
      const echo = echoes[choice] ?? "";
      lengths[choice] = echo.length;
      if (echo !== "") yield chunk(echo);
    } else if (part.type === "text") {
      const at = lengths[choice]!;
      lengths[choice] = at + part.text.length;
      yield chunk(part.text, part.logprobs ? { logprobs: logprobsOf(part.logprobs, at) } : {});
    } else if (part.type === "end") {
      yield chunk("", { finish_reason: reasonOf(part.finishReason) });
    }
  }
  if (includeUsage) yield { ...frame, model, choices: [], usage: usageOfAll(answers.map(ended), request) };
}

async function whole(parts: AsyncIterable<ChoicePart>, request: CompletionRequest): Promise<Completion> {
  const { frame, echoes } = request;
  const answers = await wholeAnswers(parts);
  return {
    ...frame,
    model: answers[0]!.model,
    choices: answers.map(({ text, logprobs, end }, index) => ({
      index,
      text: (echoes[index] ?? "") + text,
      logprobs: logprobs.length > 0 ? logprobsOf(logprobs, echoes[index]?.length ?? 0) : null,
      finish_reason: reasonOf(end.finishReason),
    })),
    usage: usageOfAll(answers, request),
  };
}

function reasonOf(reason: "stop" | "length" | "tool_calls"): "stop" | "length" {
  return reason === "length" ? "length" : "stop";
}

/** Probabilities in the older shape; `at` is where the first token begins in the text. */
function logprobsOf(logprobs: readonly TokenLogprob[], at: number): CompletionChoice.Logprobs {
  let offset = at;
  return {
    tokens: logprobs.map(({ text }) => text),
    token_logprobs: logprobs.map(({ logprob }) => logprob),
    top_logprobs: logprobs.map(({ top }) => Object.fromEntries(top.map(({ text, logprob }) => [text, logprob]))),
    text_offset: logprobs.map(({ text }) => {
      offset += text.length;
      return offset - text.length;
    }),
  };
}

/** The work of all answers. Answers to one prompt share its tokens. */
function usageOfAll(answers: readonly EndedAnswer[], { answers: requests }: CompletionRequest) {
  const prompts = [...new Set(requests.map(({ generation }) => generation.prompt))];
  const usages = prompts.map((prompt) =>
    totalUsage(answers.filter((_, index) => requests[index]!.generation.prompt === prompt)),
  );
  const prompt_tokens = usages.reduce((sum, { promptTokens }) => sum + promptTokens, 0);
  const completion_tokens = usages.reduce((sum, { completionTokens }) => sum + completionTokens, 0);
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}
