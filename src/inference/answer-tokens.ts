/** The tokens of one answer: every engine chooses them, turns them into text and ends the answer in the same way. */
import { MicrogridError } from "../core";
import { type PromptTerms, makePrompt } from "./prompt";
import { type ResolvedRequest, randomSeed, sampleToken, tokenLogprob, uniformAt } from "./sampling";
import { AnswerText, type ChatTokenizer, resumption } from "./tokenizer";
import type { GenerationEvent, TokenLogprob } from "./types";

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
  readonly #text: AnswerText;
  /** Length of the ids that were there before the first token. */
  readonly #given: number;
  #ended = false;

  /** Throws `bad-request` for an empty conversation, and `context-exceeded` if the prompt leaves no room for a token. */
  constructor(request: ResolvedRequest, terms: AnswerTerms) {
    const { tokenizer, contextLength } = terms;
    const resumed = request.resume ? resumption(request.resume, tokenizer) : [];
    const prompt = request.messages.length > 0 ? makePrompt(request, resumed.length, terms) : { ids: [], left: 0 };
    if (prompt.ids.length === 0) {
      throw new MicrogridError("bad-request", "The conversation is empty. Write a message first.");
    }
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
      decode: (ids) => tokenizer.decode(ids),
      stop: [...(terms.stop ?? []), ...(request.stop ?? [])],
    });
    this.#text.resume(resumed, request.resume?.text ?? "");
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
    const uniform = uniformAt(this.#seed, position);
    return sampleToken(logits, this.#request.sampling, { uniform, seen: this.#seen });
  }

  /** Takes the token that follows. Returns its id, and the event that can go out now. */
  take(logits: Float32Array): { readonly id: number; readonly event: GenerationEvent | undefined } {
    const id = this.choose(logits);
    this.#ended = this.#terms.endIds.has(id);
    if (this.#ended) return { id, event: undefined };
    this.ids.push(id);
    this.#seen.add(id);
    const piece = this.#text.push(id, this.#logprob(logits, id));
    return { id, event: piece && { type: "token", ...piece } };
  }

  /** The last events. `startTime` is when the model began to read, `firstTokenTime` when it had read the prompt. */
  *end(figures: { cachedTokens: number; startTime: number; firstTokenTime: number }): Generator<GenerationEvent, void> {
    const { cachedTokens, startTime, firstTokenTime } = figures;
    const rest = this.#text.flush();
    if (rest) yield { type: "token", ...rest };
    const promptTokens = this.#promptLength;
    yield {
      type: "done",
      finishReason: this.#ended || this.#text.stopped ? "stop" : "length",
      usage: {
        promptTokens,
        completionTokens: this.ids.length - this.#given,
        cachedTokens: Math.min(cachedTokens, promptTokens),
        prefillMs: firstTokenTime - startTime,
        decodeMs: performance.now() - firstTokenTime,
      },
    };
  }

  #logprob(logits: Float32Array, id: number): TokenLogprob | undefined {
    const { logprobs } = this.#request;
    const { tokenizer } = this.#terms;
    return logprobs === undefined
      ? undefined
      : tokenLogprob(logits, id, logprobs, (token) => tokenizer.decode([token]));
  }
}
