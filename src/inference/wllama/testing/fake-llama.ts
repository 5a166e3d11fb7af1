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
  /** Most calls that its worker had at once. */
  mostAtOnce = 0;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  decode(ids: number[]): Promise<{ nPast: number }> {
    this.calls.push([...ids]);
    this.onStep();
    return this.#inOrder(() => {
      if (this.failure) throw this.failure;
      this.fed.push(...ids);
      return { nPast: this.fed.length };
    });
  }

  getLogits(count = 40): Promise<{ token: number; p: number }[]> {
    this.asked.push(count);
    return this.#inOrder(() => this.#sorted().slice(0, count));
  }

  /** Its worker does one thing after another, in the order in which they were asked for. */
  async #inOrder<T>(work: () => T): Promise<T> {
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#waiting);
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done.finally(() => this.#waiting--);
  }

  #sorted(): { token: number; p: number }[] {
    let state = 0x5bd1e995;
    for (const id of this.stubborn ? [] : this.fed) state = (Math.imul(state ^ id, 0x9e3779b1) >>> 0) + 1;
    const weights = Array.from({ length: VOCABULARY }, (_, id) =>
      id === END ? 1e-40 : Math.exp(((Math.imul(id + 7, state | 1) >>> 0) / 2 ** 32) * 8),
    );
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return weights.map((weight, token) => ({ token, p: weight / total })).sort((a, b) => b.p - a.p);
  }

  samplingInit(): Promise<void> {
    this.inits++;
    return Promise.resolve();
  }

  samplingSample(): Promise<{ token: number; piece: Uint8Array }> {
    return this.#inOrder(() => ({ token: this.#sorted()[0]!.token, piece: new Uint8Array() }));
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
