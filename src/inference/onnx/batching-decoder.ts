/** The decoder of a whole model: computes the next tokens of several answers in one run. */
import type { SequenceCache } from "./cache/sequence-cache";
import type { ModelRunner } from "./runner";
import type { Decoder } from "./sequence";
import { SharedRuns } from "./shared-runs";
import type { TakeTurn } from "./turns";

/** Feeds sequences to a model that is here. */
export class BatchingDecoder implements Decoder<SequenceCache> {
  readonly #runner: ModelRunner;
  readonly #runs: SharedRuns;

  /** `enabled`: see `SharedRuns`. */
  constructor(options: { runner: ModelRunner; turn: TakeTurn; enabled: boolean }) {
    this.#runner = options.runner;
    this.#runs = new SharedRuns(options);
  }

  feed(cache: SequenceCache, ids: readonly number[], signal: AbortSignal): Promise<void> {
    return this.#runs.work(cache, () => this.#runner.feed(cache, ids), signal);
  }

  async predict(
    cache: SequenceCache,
    ids: readonly number[],
    rows: number,
    signal: AbortSignal,
    candidates?: number,
  ): Promise<readonly Float32Array[]> {
    const { logits } = await this.#runs.step(
      {
        sequence: cache,
        step: { ids, count: ids.length },
        wanted: { logits: rows, candidates, hidden: false },
        shared: () => (cache.length > 0 ? cache : undefined),
        own: () => cache,
      },
      signal,
    );
    return logits;
  }
}
