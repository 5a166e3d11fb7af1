/** A loaded WebLLM model: serves one request after another until it is unloaded. */
import { MicrogridError } from "../../core";
import { AnswerSlots } from "../answer-slots";
import { MAX_LOGPROBS, chosenSampling, randomSeed, sampleToken, tokenLogprob, uniformAt } from "../sampling";
import { AnswerText, type ChatTokenizer, resumption } from "../tokenizer";
import type { FinishReason, GenerationEvent, GenerationRequest, LoadedModel, LoadedModelInfo } from "../types";
import type { ConversationTemplate } from "./config";
import { renderConversation } from "./conversation";
import { webllmError } from "./errors";
import type { TokenRunner } from "./runner";

/** Assumed duration of an answer, to estimate the waiting time before any answer was measured. */
const GUESSED_ANSWER_MS = 10_000;
/** Weight of the newest answer in the running mean of durations. */
const MEAN_WEIGHT = 0.3;

/** The parts of a loaded model that an answer needs. */
interface WebLlmParts {
  readonly info: LoadedModelInfo;
  readonly template: ConversationTemplate;
  readonly tokenizer: ChatTokenizer;
  readonly runner: TokenRunner;
}

/** One model in memory. The library has one KV cache for it, so requests are served one at a time, in order. */
export class WebLlmModel implements LoadedModel {
  readonly info: LoadedModelInfo;
  readonly #parts: WebLlmParts;
  readonly #line = new AnswerSlots(1);
  readonly #unloading = new AbortController();
  readonly #endIds: ReadonlySet<number>;
  #meanAnswerMs = GUESSED_ANSWER_MS;
  #unloaded: Promise<void> | undefined;

  constructor(parts: WebLlmParts) {
    this.info = parts.info;
    this.#parts = parts;
    const { eosId } = parts.tokenizer;
    this.#endIds = new Set([...parts.template.stop_token_ids, ...(eosId === undefined ? [] : [eosId])]);
  }

  /** Streams one answer. Aborting, or leaving the loop, stops it before its next token. */
  async *generate(request: GenerationRequest, options: { signal: AbortSignal }): AsyncGenerator<GenerationEvent, void> {
    const signal = AbortSignal.any([options.signal, this.#unloading.signal]);
    const line = this.#line.enter({ signal });
    let step = await line.next();
    try {
      for (; !step.done; step = await line.next()) {
        yield { type: "queued", position: step.value, etaMs: step.value * this.#meanAnswerMs };
      }
      const startTime = performance.now();
      yield* this.#answer(request, signal);
      this.#meanAnswerMs += MEAN_WEIGHT * (performance.now() - startTime - this.#meanAnswerMs);
    } catch (error) {
      throw signal.aborted ? (signal.reason as Error) : webllmError(error, this.info.name);
    } finally {
      if (step.done) step.value.release();
      else await line.return(NO_PLACE);
    }
  }

  /** Ends running answers with an error and frees the memory. */
  unload(): Promise<void> {
    this.#unloaded ??= this.#unload();
    return this.#unloaded;
  }

  async #unload(): Promise<void> {
    const { name } = this.info;
    this.#unloading.abort(
      new MicrogridError("model-not-loaded", `${name} was unloaded while it answered. Load it again to go on.`),
    );
    // The step that runs now ends first; then the place is free.
    const line = this.#line.enter({ signal: new AbortController().signal });
    let step = await line.next();
    while (!step.done) step = await line.next();
    await this.#parts.runner.unload();
  }

  async *#answer(request: GenerationRequest, signal: AbortSignal): AsyncGenerator<GenerationEvent, void> {
    const { runner, tokenizer } = this.#parts;
    const { prompt, resumed, text } = this.#begin(request);
    const ids = [...prompt, ...resumed];
    const seen = new Set(ids);
    const maxTokens = Math.min(request.maxTokens, this.info.contextLength - prompt.length);
    const seed = request.seed ?? randomSeed();
    const sampling = chosenSampling(request.sampling, this.info.sampling);
    const startTime = performance.now();
    let finishReason: FinishReason = "length";
    const first = resumed.length < maxTokens ? await runner.prefill(ids, signal) : undefined;
    const firstTokenTime = performance.now();
    let logits = first?.logits;
    while (logits) {
      signal.throwIfAborted();
      const position = ids.length - prompt.length;
      const id = sampleToken(logits, sampling, { uniform: uniformAt(seed, position), seen });
      if (this.#endIds.has(id)) {
        finishReason = "stop";
        break;
      }
      ids.push(id);
      seen.add(id);
      const piece = text.push(id, logprobOf(tokenizer, request, logits, id));
      if (piece) yield { type: "token", ...piece };
      if (text.stopped || position + 1 >= maxTokens) break;
      logits = await runner.decode(id);
    }
    const rest = text.flush();
    if (rest) yield { type: "token", ...rest };
    yield {
      type: "done",
      finishReason: text.stopped ? "stop" : finishReason,
      usage: {
        promptTokens: prompt.length,
        completionTokens: ids.length - prompt.length - resumed.length,
        cachedTokens: Math.min(first?.cachedTokens ?? 0, prompt.length),
        prefillMs: firstTokenTime - startTime,
        decodeMs: performance.now() - firstTokenTime,
      },
    };
  }

  #begin(request: GenerationRequest): { prompt: readonly number[]; resumed: readonly number[]; text: AnswerText } {
    const { template, tokenizer } = this.#parts;
    if (request.messages.length === 0) {
      throw new MicrogridError("bad-request", "The conversation is empty. Write a message first.");
    }
    const pieces = renderConversation(template, request.messages).flatMap((piece) => tokenizer.encode(piece));
    const prompt = [...(template.system_prefix_token_ids ?? []), ...pieces];
    const { ids, undelivered } = request.resume ? resumption(request.resume, tokenizer) : { ids: [], undelivered: "" };
    const { contextLength } = this.info;
    if (prompt.length + ids.length >= contextLength) {
      throw new MicrogridError(
        "context-exceeded",
        `The conversation has ${prompt.length + ids.length} tokens, but this model reads at most ${contextLength}. ` +
          "Start a new conversation, shorten this one, or choose a model with a longer context.",
      );
    }
    const text = new AnswerText({
      decode: (tokens) => tokenizer.decode(tokens),
      stop: [...template.stop_str, ...(request.stop ?? [])],
      delivered: ids,
      prefix: undelivered,
    });
    return { prompt, resumed: ids, text };
  }
}

/** Takes the place of a slot for a request that leaves the line early: there is nothing to release yet. */
const NO_PLACE = { release: (): void => undefined };

function logprobOf(tokenizer: ChatTokenizer, request: GenerationRequest, logits: Float32Array, id: number) {
  if (request.logprobs === undefined) return undefined;
  return tokenLogprob(logits, id, Math.min(request.logprobs, MAX_LOGPROBS), (token) => tokenizer.decode([token]));
}
