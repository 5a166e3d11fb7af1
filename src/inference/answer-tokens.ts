/** The tokens of one answer: every engine chooses them, turns them into text and ends the answer in the same way. */
import { MicrogridError } from "../core";
import { enginePart } from "./engine-part";
import { AnswerForm } from "./answer-form";
import type { Constraint } from "./grammar";
import { type PromptTerms, makePrompt } from "./prompt";
import { type ResolvedRequest, randomSeed, sampleToken, tokenLogprob, uniformAt } from "./sampling";
import { ThinkingBudget } from "./thinking-budget";
import { AnswerText, type ChatTokenizer, NO_THOUGHTS, type ThoughtReader, resumption } from "./tokenizer";
import { offeredTools } from "./tools";
import type { ChatMessage, GenerationEvent, TokenLogprob } from "./types";

/** Shows how the prompts of a request end: with the beginning of a thought, for some models. */
const SHORTEST_CHAT: readonly ChatMessage[] = [{ role: "user", content: "?" }];
const END_TOKENS = 16;

/** Facts about the model that an answer needs. */
interface AnswerTerms extends PromptTerms {
  readonly tokenizer: ChatTokenizer;
  /** Ids that end an answer. */
  readonly endIds: ReadonlySet<number>;
  /** Texts that end an answer, besides those of the request. */
  readonly stop?: readonly string[];
}

/** Collects the tokens of one answer between the runs of a model. */
export class AnswerTokens {
  /** All ids: the prompt, then the answer so far. */
  readonly ids: number[];
  /** Most ids in all. */
  readonly limit: number;
  readonly #request: ResolvedRequest;
  readonly #terms: AnswerTerms;
  readonly #promptLength: number;
  /** Number of the oldest messages that the model does not read, since they do not fit. */
  readonly #left: number;
  readonly #seed: number;
  readonly #seen: Set<number>;
  /** How often each id is in the answer. */
  readonly #counts = new Map<number, number>();
  readonly #text: AnswerText;
  readonly #budget: ThinkingBudget;
  /** Tokens that end a thought which would leave no room. */
  readonly #ending: readonly number[];
  #form: AnswerForm | undefined;
  /** Length of the ids that were there before the first token. */
  readonly #given: number;
  #ended = false;
  /** True if the answer has to end here, since there is no room for what the model would write. */
  #cut = false;
  /** True if that was so at any token before. */
  #shortened = false;

  /**
   * Begins an answer. Throws as the constructor does, and `bad-request` if the format of the request cannot be honoured or
   * leaves too little room.
   */
  static async begin(request: ResolvedRequest, terms: AnswerTerms): Promise<AnswerTokens> {
    if (!request.format && offeredTools(request).length === 0) return new AnswerTokens(request, terms);
    const { constraintOf } = await enginePart(() => import("./grammar"));
    return new AnswerTokens(request, terms, constraintOf(request, terms.tokenizer, terms.endIds));
  }

  /** Throws `bad-request` for an empty conversation or text, and `context-exceeded` if the prompt leaves no room for a token. */
  private constructor(request: ResolvedRequest, terms: AnswerTerms, constraint?: Constraint) {
    const { tokenizer, contextLength } = terms;
    const { prompt: text, messages } = request;
    if (messages.length === 0 && text === undefined) {
      throw new MicrogridError("bad-request", "The conversation is empty. Write a message first.", {
        field: "messages",
      });
    }
    const read = text === undefined ? terms.read : () => tokenizer.encodeText(text);
    // Every prompt of this request ends in the same way.
    const end = tokenizer.decode(read(SHORTEST_CHAT).slice(-END_TOKENS));
    const calls = offeredTools(request).length > 0;
    const foreign = request.logitBias?.find(([id]) => id >= tokenizer.size);
    if (foreign) {
      throw new MicrogridError(
        "bad-request",
        `“logit_bias” names the token ${foreign[0]}, but the last token of ${terms.name} is ${tokenizer.size - 1}.`,
        { field: "logitBias" },
      );
    }
    const thoughts = text === undefined ? tokenizer.thoughts : NO_THOUGHTS;
    const resumed = request.resume ? resumption(request.resume, tokenizer, end, { calls, thoughts }) : [];
    const prompt = makePrompt(request, resumed.length, { ...terms, read });
    if (prompt.ids.length === 0) {
      throw new MicrogridError(
        "bad-request",
        "The prompt is empty, and this model has no token with which texts begin. Write the beginning of a text.",
        { field: "prompt" },
      );
    }
    this.ids = [...prompt.ids, ...resumed];
    this.#given = this.ids.length;
    this.#promptLength = prompt.ids.length;
    this.#left = prompt.left;
    this.#request = request;
    this.#terms = terms;
    this.#seed = request.seed ?? randomSeed();
    this.#seen = new Set(this.ids);
    this.#text = new AnswerText({
      decode: (ids) => tokenizer.decode(ids, calls),
      stop: [...(terms.stop ?? []), ...(request.stop ?? [])],
      reader: thoughts.reader(end, calls),
    });
    const { ending, callEnding = ending } = thoughts;
    const mustCall = calls && (request.toolChoice ?? "auto") !== "auto";
    this.#ending = tokenizer.encodePrompt(mustCall ? callEnding : ending);
    this.#form = constraint && new AnswerForm(constraint, { tokenizer, endIds: terms.endIds, calls });
    const room = Math.min(request.maxTokens, contextLength - this.#promptLength);
    this.#budget = new ThinkingBudget(room, this.#ending, this.#form?.missing);
    for (const [position, id] of resumed.entries()) {
      this.#budget.token(position, this.#text.thinking);
      this.#text.resume(id);
      this.#count(id);
    }
    if (resumed.length > 0) this.#resumeForm(resumed, thoughts.reader(end, calls), calls);
    this.limit = this.#promptLength + this.#roomFor(room, resumed.length);
    this.#text.delivered({ reasoning: request.resume?.reasoning ?? "", text: request.resume?.text ?? "" });
  }

  /** The events before the first token. */
  *begin(): Generator<GenerationEvent, void> {
    yield { type: "accepted" };
    if (this.#left > 0) yield { type: "shortened", messages: this.#left };
  }

  /** True if the answer takes no more tokens. */
  get over(): boolean {
    return this.#isWhole || this.#cut || this.ids.length >= this.limit;
  }

  /** The number of likeliest tokens that the next choice can depend on; undefined if it can depend on any. */
  get candidates(): number | undefined {
    const { sampling, logitBias = [], logprobs } = this.#request;
    const { temperature, topK, repetitionPenalty, presencePenalty = 0, frequencyPenalty = 0 } = sampling;
    const rewards = repetitionPenalty < 1 || presencePenalty < 0 || frequencyPenalty < 0;
    if (this.#form || logprobs !== undefined || logitBias.length > 0 || rewards) return undefined;
    const kept = temperature <= 0 ? 1 : topK;
    if (kept <= 0) return undefined;
    // A penalty puts a token behind others, so each token that has one lets another one in.
    const penalized = repetitionPenalty !== 1 ? this.#seen.size : 0;
    const counted = presencePenalty !== 0 || frequencyPenalty !== 0 ? this.#counts.size : 0;
    return kept + Math.max(penalized, counted);
  }

  /** The token that follows, or a guess at the one `ahead` tokens after it. Undefined if the answer has to end. */
  choose(logits: Float32Array, ahead = 0): number | undefined {
    return this.#choice(logits, ahead).id;
  }

  /** Takes the token that follows. Returns its id, and the events that can go out now; no id if the answer has to end. */
  take(logits: Float32Array): { readonly id: number | undefined; readonly events: readonly GenerationEvent[] } {
    const { next } = this.#text;
    const { id, cut } = this.#choice(logits, 0);
    this.#cut ||= cut && id === undefined;
    this.#shortened ||= cut;
    this.#ended = id !== undefined && this.#terms.endIds.has(id);
    if (id === undefined || this.#ended) return { id, events: [] };
    this.#form?.accept(id, next);
    this.ids.push(id);
    this.#seen.add(id);
    this.#count(id);
    return { id, events: this.#text.push(id, this.#logprob(logits, id)) };
  }

  /** The last events. `startTime` is when the model began to read, `firstTokenTime` when it had read the prompt. */
  *end(figures: { cachedTokens: number; startTime: number; firstTokenTime: number }): Generator<GenerationEvent, void> {
    const { cachedTokens, startTime, firstTokenTime } = figures;
    const complete = this.#isWhole && !this.#shortened;
    // In a form, an answer that was cut is whole all the same.
    yield* this.#text.flush(complete || this.#form !== undefined);
    const promptTokens = this.#promptLength;
    yield {
      type: "done",
      finishReason: complete ? "stop" : "length",
      usage: {
        promptTokens,
        completionTokens: this.ids.length - this.#given,
        cachedTokens: Math.min(cachedTokens, promptTokens),
        prefillMs: firstTokenTime - startTime,
        decodeMs: performance.now() - firstTokenTime,
      },
    };
  }

  /** True if nothing can follow. */
  get #isWhole(): boolean {
    return this.#ended || this.#text.stopped || this.#form?.ended === true;
  }

  #choice(logits: Float32Array, ahead: number): { readonly id: number | undefined; readonly cut: boolean } {
    const position = this.ids.length - this.#promptLength + ahead;
    const { next, thinking } = this.#text;
    const form = this.#form;
    // A form that includes thoughts ends them only where they may end: not inside of a character.
    const takes = (id: number | undefined): boolean => !form?.includesThoughts || (id !== undefined && form.takes(id));
    const mustEnd = form && !form.includesThoughts ? next === "thought" : thinking && takes(this.#ending[0]);
    const due = this.#budget.token(position, ahead === 0 && mustEnd);
    if (due !== undefined && takes(due)) return { id: due, cut: false };
    const { sampling, logitBias: bias } = this.#request;
    const uniform = uniformAt(this.#seed, position);
    const sample = (mask?: Int32Array): number =>
      sampleToken(logits, sampling, { uniform, seen: this.#seen, counts: this.#counts, bias, mask });
    // Further ahead, the form is not known: whoever checks the guess knows it.
    if (!form || ahead > 0) return { id: sample(), cut: false };
    const room = { left: this.limit - this.ids.length, thoughtCost: this.#ending.length };
    return form.choose(next, room, sample);
  }

  /** Goes on in the form of an answer that has begun with `ids`, whose parts `reader` tells. */
  #resumeForm(ids: readonly number[], reader: ThoughtReader, calls: boolean): void {
    if (!this.#form) return;
    const written = this.#terms.tokenizer.decode(ids, calls);
    const text = this.#form.includesThoughts ? written : readAnswer({ ids, text: written }, reader);
    if (this.#form.resume(ids, text)) return;
    if (this.#request.format && !calls) {
      throw new MicrogridError(
        "bad-request",
        "The answer so far does not have the format that is asked for. Ask again.",
        { field: "format" },
      );
    }
    // The answer was begun by a model of another family, which writes calls in another way; it goes on in that way.
    this.#form = undefined;
  }

  /**
   * The most tokens of the answer, of `room` that are asked for. Another tokenizer may need more of them to finish an
   * answer that others began.
   */
  #roomFor(room: number, resumed: number): number {
    if (!this.#form) return room;
    const isThought = this.#text.next === "thought" && !this.#form.includesThoughts;
    const needed = resumed + this.#form.missing + (isThought ? this.#ending.length : 0);
    const { contextLength } = this.#terms;
    if (needed <= room) return room;
    if (resumed > 0 && this.#promptLength + needed <= contextLength) return needed;
    throw new MicrogridError(
      "bad-request",
      `The shortest answer in this format has ${needed} tokens, but there is room for ${room}. Allow more tokens.`,
      { field: this.#request.format ? "format" : "tools" },
    );
  }

  #count(id: number): void {
    this.#counts.set(id, (this.#counts.get(id) ?? 0) + 1);
  }

  #logprob(logits: Float32Array, id: number): TokenLogprob | undefined {
    const { logprobs } = this.#request;
    const { tokenizer } = this.#terms;
    return logprobs === undefined
      ? undefined
      : tokenLogprob(logits, id, logprobs, (token) => ({
          text: tokenizer.decode([token]),
          bytes: tokenizer.bytesOf(token),
        }));
  }
}

/** The text of an answer among its thoughts. */
function readAnswer(piece: { readonly ids: readonly number[]; readonly text: string }, reader: ThoughtReader): string {
  const parts = [...reader.push(piece), ...reader.flush(true)];
  return parts.flatMap(({ type, text }) => (type === "token" ? text : [])).join("");
}
