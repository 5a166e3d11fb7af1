/** Stands for llama.cpp in tests of the classes around it. */
import type { Llama } from "../library";

export const VOCABULARY = 2048;
/** The token that ends an answer; it is never the likeliest. */
export const END = 2;

/** Its logits depend on every token in its cache, in order. */
export class FakeLlama implements Llama {
  /** The tokens of each call of `decode`. */
  readonly calls: number[][] = [];
  /** The number of candidates of each call of `getLogits`. */
  readonly asked: number[] = [];
  fed: number[] = [];
  clears = 0;
  inits = 0;
  /** How often its worker was ended. */
  ends = 0;
  failure: Error | undefined;
  /** True for a model that always expects the same tokens, whatever it has read. */
  stubborn = false;
  /** False for models whose state cannot go back. */
  canGoBack = true;
  onStep: () => void = () => undefined;

  async decode(ids: number[]): Promise<{ nPast: number }> {
    this.calls.push([...ids]);
    this.onStep();
    await Promise.resolve();
    if (this.failure) throw this.failure;
    this.fed.push(...ids);
    return { nPast: this.fed.length };
  }

  async getLogits(count = 40): Promise<{ token: number; p: number }[]> {
    this.asked.push(count);
    return (await this.#sorted()).slice(0, count);
  }

  #sorted(): Promise<{ token: number; p: number }[]> {
    let state = 0x5bd1e995;
    for (const id of this.stubborn ? [] : this.fed) state = (Math.imul(state ^ id, 0x9e3779b1) >>> 0) + 1;
    const weights = Array.from({ length: VOCABULARY }, (_, id) =>
      id === END ? 1e-40 : Math.exp(((Math.imul(id + 7, state | 1) >>> 0) / 2 ** 32) * 8),
    );
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const all = weights.map((weight, token) => ({ token, p: weight / total })).sort((a, b) => b.p - a.p);
    return Promise.resolve(all);
  }

  samplingInit(): Promise<void> {
    this.inits++;
    return Promise.resolve();
  }

  async samplingSample(): Promise<{ token: number; piece: Uint8Array }> {
    const [best] = await this.#sorted();
    return { token: best!.token, piece: new Uint8Array() };
  }

  kvRemove(keep: number): Promise<void> {
    if (!this.canGoBack) return Promise.reject(new Error("kvRemove unknown error"));
    this.fed = this.fed.slice(0, keep);
    return Promise.resolve();
  }

  kvClear(): Promise<void> {
    this.clears++;
    this.fed = [];
    return Promise.resolve();
  }
}
