/** A stage of a model: some of its layers in memory, with a cache for each sequence that passes through. */
import { MicrogridError } from "../../core";
import type { HiddenState, StageForward, StageInfo, StageLimits, StageService } from "../stages";
import type { GraphSpec } from "./graph-spec";
import { hiddenFault } from "./step";
import type { KvCache, KvCacheFactory } from "./cache/kv-cache";
import type { ModelRunner } from "./runner";
import type { TakeTurn } from "./turns";

/** Runs layers for sequences that others own. */
export class OnnxStage implements StageService {
  readonly info: StageInfo;
  readonly #runner: ModelRunner;
  readonly #spec: GraphSpec;
  readonly #create: KvCacheFactory;
  readonly #limits: StageLimits;
  readonly #turn: TakeTurn;
  readonly #caches = new Map<string, KvCache>();
  readonly #unloading = new AbortController();

  constructor(options: {
    info: StageInfo;
    runner: ModelRunner;
    spec: GraphSpec;
    create: KvCacheFactory;
    limits: StageLimits;
    turn: TakeTurn;
  }) {
    this.info = options.info;
    this.#runner = options.runner;
    this.#spec = options.spec;
    this.#create = options.create;
    this.#limits = options.limits;
    this.#turn = options.turn;
  }

  /** Sequences that are held, and the memory that their keys and values take. */
  get held(): { readonly sequences: number; readonly bytes: number } {
    const bytes = [...this.#caches.values()].reduce((sum, cache) => sum + cache.bytes, 0);
    return { sequences: this.#caches.size, bytes };
  }

  /**
   * Computes the next tokens of a sequence. Throws `peer-protocol` if the hidden state is malformed, `stage-refused` if the
   * step exceeds the agreed limits (tokens or memory), and `stage-lost` if the tokens to keep are not here; nothing has
   * changed then. When the limits are reached, other sequences are forgotten.
   */
  forward(step: StageForward, options: { signal: AbortSignal }): Promise<HiddenState> {
    const signal = AbortSignal.any([options.signal, this.#unloading.signal]);
    return this.#turn(async () => {
      const { sequence, keep, count, hidden } = step;
      this.#check(step);
      const cache = this.#cache(sequence, keep, count);
      cache.truncate(keep);
      return (await this.#runner.run(cache, { hidden, count }, { logits: 0, hidden: true })).hidden;
    }, signal);
  }

  end(sequence: string): void {
    // In a turn of its own, since one that runs may be using the cache.
    void this.#turn(() => {
      this.#caches.get(sequence)?.dispose();
      this.#caches.delete(sequence);
      return Promise.resolve();
    }, this.#unloading.signal).catch(() => undefined);
  }

  /** Frees everything. Steps that wait for their turn fail with `model-not-loaded`. */
  async unload(): Promise<void> {
    this.#unloading.abort(new MicrogridError("model-not-loaded", "A stage of the pipeline was closed."));
    await this.#turn(async () => {
      for (const cache of this.#caches.values()) cache.dispose();
      this.#caches.clear();
      await this.#runner.release();
    }, new AbortController().signal);
  }

  #cache(sequence: string, keep: number, count: number): KvCache {
    const held = this.#caches.get(sequence);
    const length = held?.length ?? 0;
    if (length < keep || (keep > 0 && keep < length && !held?.canGoBack)) {
      const text = `A stage knows ${length} tokens of a sequence and cannot go on after ${keep} of them.`;
      throw new MicrogridError("stage-lost", text);
    }
    const bytes = this.#spec.fixedBytes + (keep + count) * this.#spec.bytesPerToken;
    if (bytes > this.#limits.cacheBytes) throw refused("its memory for this pipeline is too small for so long a text");
    const cache = held ?? this.#create();
    // The most recently used sequence is last in the map.
    this.#caches.delete(sequence);
    this.#makeRoom(bytes);
    this.#caches.set(sequence, cache);
    return cache;
  }

  /** Forgets the least recently used sequences. To continue with one, its pipeline has to read it again. */
  #makeRoom(bytes: number): void {
    for (const [sequence, cache] of this.#caches) {
      const { held } = this;
      if (held.sequences < this.#limits.sequences && held.bytes + bytes <= this.#limits.cacheBytes) return;
      cache.dispose();
      this.#caches.delete(sequence);
    }
  }

  #check({ keep, count, hidden }: StageForward): void {
    const { contextLength, stepTokens } = this.#limits;
    if (!Number.isInteger(count) || count < 1 || count > stepTokens) {
      throw refused(`a step has 1 to ${stepTokens} tokens, not ${count}`);
    }
    if (!Number.isInteger(keep) || keep < 0 || keep + count > contextLength) {
      throw refused(`a sequence has at most ${contextLength} tokens`);
    }
    const why = hiddenFault(hidden, this.#spec.hidden.takes, count);
    if (why !== undefined) throw new MicrogridError("peer-protocol", `A stage of the pipeline gave nonsense: ${why}.`);
  }
}

/** A refusal that a pipeline hears: nothing was computed, and the stage goes on for others. */
function refused(why: string): MicrogridError {
  return new MicrogridError("stage-refused", `A stage of the pipeline refused: ${why}.`);
}
