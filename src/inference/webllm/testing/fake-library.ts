/** Stands for WebLLM in tests of the classes around it. */
import { LogitsTap, type TokenEngine } from "../runner";

const VOCABULARY = 2048;
/** The token that ends an answer; it is never the likeliest. */
export const END = 2;

/** Its logits depend on every token in its cache, in order. */
export class FakeLibrary implements TokenEngine {
  readonly tap = new LogitsTap();
  readonly calls: number[][] = [];
  resets = 0;
  unloaded = false;
  failure: Error | undefined;
  onStep: () => void = () => undefined;
  #state = 1;

  async forwardTokensAndSample(ids: number[]): Promise<number> {
    this.calls.push(ids);
    this.onStep();
    await Promise.resolve();
    if (this.failure) throw this.failure;
    for (const id of ids) this.#state = (Math.imul(this.#state ^ id, 0x9e3779b1) >>> 0) + 1;
    const logits = new Float32Array(VOCABULARY);
    for (let id = 0; id < VOCABULARY; id++) logits[id] = ((Math.imul(id + 7, this.#state | 1) >>> 0) / 2 ** 32) * 8;
    logits[END] = -100;
    this.tap.processLogits(logits);
    return 0;
  }

  resetChat(): Promise<void> {
    this.resets++;
    this.#state = 1;
    return Promise.resolve();
  }

  unload(): Promise<void> {
    this.unloaded = true;
    return Promise.resolve();
  }
}
