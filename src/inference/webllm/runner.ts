/**
 * The loaded library as a function from tokens to logits. Its chat and completion APIs take text, choose tokens by a
 * sequential random stream and tell no ids, so an answer could neither be resumed by ids nor be sampled as elsewhere;
 * feeding tokens by `forwardTokensAndSample` and reading the logits as a `LogitProcessor` gives both. It also leaves
 * nothing to drain, no lock to free and no flag to reset when an answer is left early.
 */
import type { LogitProcessor, MLCEngine } from "@mlc-ai/web-llm";
import { MicrogridError } from "../../core";
import type { Prefilled, Stepper } from "../stepwise";

/** Tokens of a prompt that are computed between two looks at whether the answer is still wanted. */
const PREFILL_CHUNK_TOKENS = 512;

/** The library's hook for logits; they are kept for us and go back unchanged. */
export class LogitsTap implements LogitProcessor {
  #logits: Float32Array | undefined;

  processLogits(logits: Float32Array): Float32Array {
    this.#logits = logits.slice();
    return logits;
  }

  processSampledToken(): void {
    // The library's own choice is of no interest.
  }

  resetState(): void {
    this.#logits = undefined;
  }

  /** The logits of the last step. */
  take(): Float32Array {
    const logits = this.#logits;
    this.#logits = undefined;
    if (logits) return logits;
    throw new MicrogridError("internal", "WebLLM gave no logits for a token. Load the model again.");
  }
}

/** The part of `MLCEngine` that answers are made with. */
export type TokenEngine = Pick<MLCEngine, "forwardTokensAndSample" | "resetChat" | "unload">;

/** One model's KV cache and the tokens in it. To be used by one answer at a time. */
export class TokenRunner implements Stepper {
  readonly #engine: TokenEngine;
  readonly #modelId: string;
  readonly #tap: LogitsTap;
  /** Tokens whose keys and values are in the cache; undefined after an error, when nobody knows. */
  #fed: number[] | undefined = [];
  /** The asker whose tokens those are. */
  #asker: string | undefined;

  constructor(engine: TokenEngine, modelId: string, tap: LogitsTap) {
    this.#engine = engine;
    this.#modelId = modelId;
    this.#tap = tap;
  }

  /**
   * Makes the cache hold `ids`, and continues from its present tokens if `ids` begin with them. Returns the logits after
   * the last id and the number of reused tokens. Tokens of another asker are not reused: the time that this saves would tell
   * what was asked. Aborting stops between two chunks.
   */
  async prefill(
    ids: readonly number[],
    { asker, signal }: { readonly asker: string | undefined; readonly signal: AbortSignal },
  ): Promise<Prefilled> {
    const fed = asker === this.#asker ? this.#fed : undefined;
    this.#asker = asker;
    const kept = fed && fed.length < ids.length && fed.every((id, index) => id === ids[index]) ? fed.length : 0;
    if (kept === 0) {
      // With its counters kept, the library would mix the rates of different answers.
      await this.#engine.resetChat(false, this.#modelId);
      this.#fed = [];
    }
    for (let at = kept; at < ids.length; at += PREFILL_CHUNK_TOKENS) {
      signal.throwIfAborted();
      await this.#feed(ids.slice(at, at + PREFILL_CHUNK_TOKENS), true);
    }
    return { logits: this.#tap.take(), cachedTokens: kept };
  }

  /** Adds one token and gives the logits behind it. */
  async decode(id: number): Promise<Float32Array> {
    await this.#feed([id], false);
    return this.#tap.take();
  }

  unload(): Promise<void> {
    return this.#engine.unload();
  }

  async #feed(ids: number[], isPrefill: boolean): Promise<void> {
    const before = this.#fed ?? [];
    this.#fed = undefined;
    await this.#engine.forwardTokensAndSample(ids, isPrefill, this.#modelId);
    before.push(...ids);
    this.#fed = before;
  }
}
