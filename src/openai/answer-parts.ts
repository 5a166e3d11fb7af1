/** Answers as the parts that all of OpenAI's text APIs are made of. */
import { MicrogridError, randomId } from "../core";
import { type FinishReason, type TokenLogprob, type ToolPart, type Usage, toolReader } from "../inference";
import type { AnswerEvent, AnswerRequest, AnswerSummary } from "../node";
import { type FieldNames, withField } from "./refusals";

/** Streams one answer, as `Grid.answer` does. */
export type Answer = (request: AnswerRequest, options: { signal?: AbortSignal }) => AsyncIterable<AnswerEvent>;

/** The work that an answer took, and how many of its tokens were thoughts. */
export interface AnswerUsage extends Usage {
  readonly reasoningTokens: number;
}

/** A part of one answer. `begin` comes first and `end` last. */
type AnswerPart =
  | { readonly type: "begin"; readonly model: string }
  | { readonly type: "reasoning"; readonly text: string }
  | { readonly type: "text"; readonly text: string; readonly logprobs?: readonly TokenLogprob[] }
  /** The model begins to call a tool; the text of the arguments follows. */
  | { readonly type: "call"; readonly index: number; readonly id: string; readonly name: string }
  | { readonly type: "arguments"; readonly index: number; readonly text: string }
  | {
      readonly type: "end";
      readonly finishReason: FinishReason | "tool_calls";
      readonly usage: AnswerUsage;
      readonly summary: AnswerSummary;
    };

/** A part of one of the answers to a request; `choice` counts the answers. */
export type ChoicePart = AnswerPart & { readonly choice: number };

/**
 * Streams the answers to a request, each part as soon as it is there. If one fails, all end, with an error that is about a field of the
 * client's. Leaving the loop, or an abort, stops the work.
 */
export async function* answerParts(
  { answers, names }: { readonly answers: readonly AnswerRequest[]; readonly names: FieldNames },
  answer: Answer,
  options: { readonly signal?: AbortSignal | undefined } = {},
): AsyncGenerator<ChoicePart, void> {
  // Leaving must stop the work at once, even while the next token is on its way.
  const left = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, left.signal]) : left.signal;
  const sources = answers.map((request) => partsOf(answer(request, { signal }), request));
  const next = (choice: number): Promise<{ choice: number; result: IteratorResult<AnswerPart, void> }> => {
    const coming = sources[choice]!.next().then((result) => ({ choice, result }));
    // It may fail while the reader is busy with the last part, or gone.
    coming.catch(() => undefined);
    return coming;
  };
  const waiting = new Map(sources.map((_, choice) => [choice, next(choice)]));
  try {
    while (waiting.size > 0) {
      const { choice, result } = await Promise.race(waiting.values());
      if (result.done) waiting.delete(choice);
      else {
        waiting.set(choice, next(choice));
        yield { ...result.value, choice };
      }
    }
  } catch (error) {
    throw withField(error, names);
  } finally {
    left.abort();
  }
}

/** The parts of one answer. They begin with the engine's first sign, since until then a request may still be refused. */
async function* partsOf(
  events: AsyncIterable<AnswerEvent>,
  { generation }: AnswerRequest,
): AsyncGenerator<AnswerPart, void> {
  let model = generation.model;
  let begun = false;
  let reasoningTokens = 0;
  let calls: CallParts | undefined;
  for await (const event of events) {
    if (event.type === "route") {
      // The model that answers: the request may have asked for any.
      model = event.route.offer.model;
      const { tools, toolChoice, format } = generation;
      const { chat } = event.route.offer;
      if (tools && toolChoice !== "none") {
        calls ??= new CallParts(toolReader(chat?.tools ?? "generic", tools, { either: format !== undefined }));
      }
      continue;
    }
    if (event.type === "lost") continue;
    if (!begun) yield { type: "begin", model };
    begun = true;
    if (event.type === "reasoning") {
      reasoningTokens += event.ids.length;
      if (event.text !== "") yield { type: "reasoning", text: event.text };
    } else if (event.type === "token") {
      const { text, logprobs } = event;
      if (calls) yield* calls.push(text, logprobs);
      else yield { type: "text", text, ...(logprobs && { logprobs }) };
    } else if (event.type === "done") {
      if (calls) yield* calls.flush(event.finishReason === "stop");
      const finishReason = calls?.called && event.finishReason === "stop" ? "tool_calls" : event.finishReason;
      yield { type: "end", finishReason, usage: { ...event.usage, reasoningTokens }, summary: event.summary };
    }
  }
}

/** Finds the calls in the raw text of an answer, which a model writes in its own notation. */
class CallParts {
  /** True if the model has called a tool. */
  called = false;
  readonly #reader: ReturnType<typeof toolReader>;
  #logprobs: TokenLogprob[] = [];

  constructor(reader: ReturnType<typeof toolReader>) {
    this.#reader = reader;
  }

  push(text: string, logprobs: readonly TokenLogprob[] = []): AnswerPart[] {
    this.#logprobs.push(...logprobs);
    return this.#read(this.#reader.push(text));
  }

  flush(complete: boolean): AnswerPart[] {
    return this.#read(this.#reader.flush(complete));
  }

  #read(parts: ToolPart[]): AnswerPart[] {
    return parts.map((part): AnswerPart => {
      const logprobs = this.#logprobs;
      this.#logprobs = [];
      if (part.type === "text") return { ...part, ...(logprobs.length > 0 && { logprobs }) };
      // Probabilities are reported for the text of an answer only.
      if (part.type === "arguments") return part;
      this.called = true;
      return { ...part, id: `call_${randomId(16)}` };
    });
  }
}

/** One whole answer. */
export interface WholeAnswer {
  model: string;
  text: string;
  reasoning: string;
  readonly calls: { readonly id: string; readonly name: string; arguments: string }[];
  readonly logprobs: TokenLogprob[];
  end: Extract<AnswerPart, { type: "end" }> | undefined;
}

/** An answer of which nothing has come. */
export function nothingYet(): WholeAnswer {
  return { model: "", text: "", reasoning: "", calls: [], logprobs: [], end: undefined };
}

/** Adds a part to an answer. */
export function addPart(answer: WholeAnswer, part: AnswerPart): void {
  if (part.type === "begin") answer.model = part.model;
  else if (part.type === "reasoning") answer.reasoning += part.text;
  else if (part.type === "text") {
    answer.text += part.text;
    answer.logprobs.push(...(part.logprobs ?? []));
  } else if (part.type === "call") answer.calls.push({ id: part.id, name: part.name, arguments: "" });
  else if (part.type === "arguments") answer.calls[part.index]!.arguments += part.text;
  else answer.end = part;
}

/** An answer that has come to its end. */
export type EndedAnswer = WholeAnswer & { readonly end: NonNullable<WholeAnswer["end"]> };

/** Waits for all answers, in the order of the choices. */
export async function wholeAnswers(parts: AsyncIterable<ChoicePart>): Promise<EndedAnswer[]> {
  const answers: WholeAnswer[] = [nothingYet()];
  for await (const part of parts) addPart((answers[part.choice] ??= nothingYet()), part);
  return answers.map(ended);
}

/** The answer, which has to have come to its end. */
export function ended(answer: WholeAnswer): EndedAnswer {
  if (!answer.end) throw new MicrogridError("internal", "The answer ended unexpectedly. Ask again.");
  return { ...answer, end: answer.end };
}

/** The work that several answers to one prompt took. */
export function totalUsage(answers: readonly EndedAnswer[]): AnswerUsage {
  const [first, ...others] = answers.map(({ end }) => end.usage);
  return others.reduce(
    (sum, usage) => ({
      ...sum,
      completionTokens: sum.completionTokens + usage.completionTokens,
      reasoningTokens: sum.reasoningTokens + usage.reasoningTokens,
    }),
    first!,
  );
}
