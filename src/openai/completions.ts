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
import { checked, refusedField } from "./check";
import {
  checkStream,
  choicesOf,
  generationOf,
  maybe,
  ownFields,
  samplingFields,
  serviceFields,
  streamOptions,
} from "./fields";
import { checkGeneration } from "./refusals";
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

const NAMES = { text: "prompt" } as const;

interface CompletionRequest extends TextRequest {
  readonly frame: { readonly id: string; readonly created: number; readonly object: "text_completion" };
  readonly includeUsage: boolean;
  /** How many answers in a row belong to one prompt. */
  readonly perPrompt: number;
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
  checkStream(body);
  if (body.echo && body.logprobs != null) {
    throw refusedField("logprobs", "With “echo”, they would be those of the prompt, too, which are not known here.");
  }
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
  checkGeneration(answers[0]!.generation, NAMES);
  return {
    names: NAMES,
    answers,
    stream: body.stream ?? false,
    includeUsage: body.stream_options?.include_usage ?? false,
    perPrompt: body.n ?? 1,
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
      // Nor that they say that the usage comes at the end.
      ...(includeUsage && { usage: null as never }),
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
function usageOfAll(answers: readonly EndedAnswer[], { perPrompt }: CompletionRequest) {
  const usages = Array.from({ length: answers.length / perPrompt }, (_, prompt) =>
    totalUsage(answers.slice(prompt * perPrompt, (prompt + 1) * perPrompt)),
  );
  const prompt_tokens = usages.reduce((sum, { promptTokens }) => sum + promptTokens, 0);
  const completion_tokens = usages.reduce((sum, { completionTokens }) => sum + completionTokens, 0);
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}
