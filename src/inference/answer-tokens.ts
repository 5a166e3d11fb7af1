/** The tokens of one answer: every engine chooses them, turns them into text and ends the answer in the same way. */
import { MicrogridError } from "../core";
import { type PromptTerms, makePrompt } from "./prompt";
import { type ResolvedRequest, randomSeed, sampleToken, tokenLogprob, uniformAt } from "./sampling";
import { ThinkingBudget } from "./thinking-budget";
import { AnswerText, type ChatTokenizer, resumption } from "./tokenizer";
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
  /** Length of the ids that were there before the first token. */
  readonly #given: number;
  #ended = false;

  /** Throws `bad-request` for an empty conversation, and `context-exceeded` if the prompt leaves no room for a token. */
  constructor(request: ResolvedRequest, terms: AnswerTerms) {
    const { tokenizer, contextLength } = terms;
    if (request.messages.length === 0) {
      throw new MicrogridError("bad-request", "The conversation is empty. Write a message first.");
    }
    if (request.format) {
      throw new MicrogridError("bad-request", "Answers in a given format are not supported yet. Ask for free text.");
    }
    // Every prompt of this request ends in the same way.
    const end = tokenizer.decode(terms.read(SHORTEST_CHAT).slice(-END_TOKENS));
    const calls = offeredTools(request).length > 0;
    const resumed = request.resume ? resumption(request.resume, tokenizer, end, calls) : [];
    const prompt = makePrompt(request, resumed.length, terms);
    this.ids = [...prompt.ids, ...resumed];
    this.#given = this.ids.length;
    this.#promptLength = prompt.ids.length;
    this.#left = prompt.left;
    this.limit = Math.min(this.#promptLength + request.maxTokens, contextLength);
    this.#request = request;
    this.#terms = terms;
    this.#seed = request.seed ?? randomSeed();
    this.#seen = new Set(this.ids);
    this.#text = new AnswerText({
      decode: (ids) => tokenizer.decode(ids, calls),
      stop: [...(terms.stop ?? []), ...(request.stop ?? [])],
      reader: tokenizer.thoughts.reader(end, calls),
    });
    const ending = tokenizer.encodePrompt(tokenizer.thoughts.ending);
    this.#budget = new ThinkingBudget(this.limit - this.#promptLength, ending);
    for (const [position, id] of resumed.entries()) {
      this.#budget.token(position, this.#text.thinking);
      this.#text.resume(id);
      this.#count(id);
    }
    this.#text.delivered({ reasoning: request.resume?.reasoning ?? "", text: request.resume?.text ?? "" });
  }

  /** The events before the first token. */
  *begin(): Generator<GenerationEvent, void> {
    if (this.#left > 0) yield { type: "shortened", messages: this.#left };
  }

  /** True if the answer takes no more tokens. */
  get over(): boolean {
    return this.#ended || this.#text.stopped || this.ids.length >= this.limit;
  }

  /** The token that follows, or the one `ahead` tokens after it. */
  choose(logits: Float32Array, ahead = 0): number {
    const position = this.ids.length - this.#promptLength + ahead;
    const due = this.#budget.token(position, ahead === 0 && this.#text.thinking);
    if (due !== undefined) return due;
    const uniform = uniformAt(this.#seed, position);
    const { sampling, logitBias: bias } = this.#request;
    return sampleToken(logits, sampling, { uniform, seen: this.#seen, counts: this.#counts, bias });
  }

  /** Takes the token that follows. Returns its id, and the events that can go out now. */
  take(logits: Float32Array): { readonly id: number; readonly events: readonly GenerationEvent[] } {
    const id = this.choose(logits);
    this.#ended = this.#terms.endIds.has(id);
    if (this.#ended) return { id, events: [] };
    this.ids.push(id);
    this.#seen.add(id);
    this.#count(id);
    return { id, events: this.#text.push(id, this.#logprob(logits, id)) };
  }

  /** The last events. `startTime` is when the model began to read, `firstTokenTime` when it had read the prompt. */
  *end(figures: { cachedTokens: number; startTime: number; firstTokenTime: number }): Generator<GenerationEvent, void> {
    const { cachedTokens, startTime, firstTokenTime } = figures;
    const complete = this.#ended || this.#text.stopped;
    yield* this.#text.flush(complete);
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
