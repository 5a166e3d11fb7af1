/**
 * llama.cpp as a function from tokens to logits. Its own sampler draws from one stream of random numbers and knows no
 * answer formats of ours, so an answer could neither be resumed nor be sampled as elsewhere. Only the likeliest tokens come
 * back where no other can be chosen.
 */
import { MicrogridError } from "../../core";
import { wrongResults } from "../model-errors";
import { commonPrefix } from "../prefix";
import type { Prefilled, Stepper } from "../stepwise";
import type { Llama } from "./library";

/** Most tokens of a prompt that are computed between two looks at whether the answer is still wanted. */
export const MAX_PREFILL_CHUNK = 64;
/** The library does not order equal logits by their ids, so a few more are asked for. */
const LEAST_CANDIDATES = 8;

/** One model's cache and the tokens in it. */
export class LlamaRunner implements Stepper {
  /** Tokens of a prompt that are computed at once. The check after a load sets it to what takes little time. */
  prefillChunk = MAX_PREFILL_CHUNK;
  readonly #llama: Llama;
  /** The logits of the last step; minus infinity for tokens that were not asked for. */
  readonly #logits: Float32Array;
  /** Tokens whose keys and values are in the cache; undefined after an error, when nobody knows. */
  #fed: number[] | undefined;
  /** The asker whose tokens those are. */
  #asker: string | undefined;
  /** True once the library's own sampler takes the likeliest token. */
  #isGreedy = false;

  constructor(llama: Llama, vocabulary: number) {
    this.#llama = llama;
    this.#logits = new Float32Array(vocabulary);
  }

  /**
   * Goes on from the tokens that `ids` have in common with the cache, unless they are those of another asker: the time that
   * this saves would tell what was asked.
   */
  async prefill(
    ids: readonly number[],
    {
      asker,
      candidates,
      signal,
    }: { readonly asker: string | undefined; readonly candidates: number | undefined; readonly signal: AbortSignal },
  ): Promise<Prefilled> {
    const common = asker === this.#asker && this.#fed ? commonPrefix(this.#fed, ids) : 0;
    this.#asker = asker;
    // The last token is read again, since its logits are gone.
    const cachedTokens = await this.#keep(Math.min(common, ids.length - 1));
    for (let at = cachedTokens; at < ids.length; at += this.prefillChunk) {
      signal.throwIfAborted();
      const end = at + this.prefillChunk;
      await this.#feed(ids.slice(at, end), end < ids.length);
    }
    return { logits: await this.#read(candidates), cachedTokens };
  }

  async decode(id: number, candidates: number | undefined): Promise<Float32Array> {
    // Asked for at once, so that the library's worker does not wait for this thread between the two.
    const [, logits] = await Promise.all([this.#feed([id], false), this.#read(candidates)]);
    return logits;
  }

  /** Cuts the cache back to its first `length` tokens. Returns how many are left: none where a model cannot go back. */
  async #keep(length: number): Promise<number> {
    const fed = this.#fed;
    this.#fed = undefined;
    if (fed && length > 0) {
      const kept = fed.slice(0, length);
      const cut = fed.length === length || (await this.#llama.kvRemove(length, -1).then(succeeded, failed));
      if (cut) {
        this.#fed = kept;
        return length;
      }
    }
    await this.#llama.kvClear();
    this.#fed = [];
    return 0;
  }

  async #feed(ids: number[], skipLogits: boolean): Promise<void> {
    const before = this.#fed ?? [];
    this.#fed = undefined;
    await this.#llama.decode(ids, { skipLogits });
    before.push(...ids);
    this.#fed = before;
  }

  async #read(candidates = this.#logits.length): Promise<Float32Array> {
    if (candidates === 1) return this.#likeliest();
    const logits = this.#logits;
    const count = Math.min(Math.max(candidates, LEAST_CANDIDATES), logits.length);
    const likeliest = await this.#llama.getLogits(count);
    if (likeliest.length === 0) throw new MicrogridError("internal", "llama.cpp gave no logits. Load the model again.");
    logits.fill(Number.NEGATIVE_INFINITY);
    // Logits minus the same number for all: the sum of probabilities is one.
    for (const { token, p } of likeliest) logits[token] = Math.log(p);
    if (!Number.isFinite(logits[likeliest[0]!.token])) throw wrongResults("its results are not numbers");
    return logits;
  }

  /** The likeliest token alone: the library finds it without sorting its vocabulary, which takes milliseconds. */
  async #likeliest(): Promise<Float32Array> {
    if (!this.#isGreedy) await this.#llama.samplingInit({ temp: 0 });
    this.#isGreedy = true;
    const { token } = await this.#llama.samplingSample();
    this.#logits.fill(Number.NEGATIVE_INFINITY);
    this.#logits[token] = 0;
    return this.#logits;
  }
}

const succeeded = (): boolean => true;
const failed = (): boolean => false;
