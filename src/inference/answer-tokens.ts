/** The tokens of one answer: every engine chooses them, turns them into text and ends the answer in the same way. */
import { MicrogridError } from "../core";
import { type ResolvedRequest, randomSeed, sampleToken, tokenLogprob, uniformAt } from "./sampling";
import { AnswerText, type ChatTokenizer, resumption } from "./tokenizer";
import type { GenerationEvent, TokenLogprob } from "./types";

/** Facts about the model and its input that an answer needs. */
interface AnswerTerms {
  readonly prompt: readonly number[];
  readonly tokenizer: ChatTokenizer;
  readonly contextLength: number;
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
  readonly #seed: number;
  readonly #seen: Set<number>;
  readonly #text: AnswerText;
  /** Length of the ids that were there before the first token. */
  readonly #given: number;
  #ended = false;

  /** Throws `bad-request` for an empty conversation, and `context-exceeded` if the prompt leaves no room for a token. */
  constructor(request: ResolvedRequest, terms: AnswerTerms) {
    const { prompt, tokenizer, contextLength } = terms;
    if (prompt.length === 0 || request.messages.length === 0) {
      throw new MicrogridError("bad-request", "The conversation is empty. Write a message first.");
    }
    const resumed = request.resume ? resumption(request.resume, tokenizer) : { ids: [], undelivered: "" };
    this.ids = [...prompt, ...resumed.ids];
    this.#given = this.ids.length;
    if (this.#given >= contextLength) {
      throw new MicrogridError(
        "context-exceeded",
        `The conversation has ${this.#given} tokens, but this model reads at most ${contextLength}. ` +
          "Start a new conversation, shorten this one, or choose a model with a longer context.",
      );
    }
    this.limit = Math.min(prompt.length + request.maxTokens, contextLength);
    this.#request = request;
    this.#terms = terms;
    this.#seed = request.seed ?? randomSeed();
    this.#seen = new Set(this.ids);
    this.#text = new AnswerText({
      decode: (ids) => tokenizer.decode(ids),
      stop: [...(terms.stop ?? []), ...(request.stop ?? [])],
      delivered: resumed.ids,
      prefix: resumed.undelivered,
    });
  }

  /** True if the answer takes no more tokens. */
  get over(): boolean {
    return this.#ended || this.#text.stopped || this.ids.length >= this.limit;
  }

  /** The token that follows, or the one `ahead` tokens after it. */
  choose(logits: Float32Array, ahead = 0): number {
    const position = this.ids.length - this.#terms.prompt.length + ahead;
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
    const promptTokens = this.#terms.prompt.length;
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
