/** A stage of a model: some of its layers in memory, with a cache for each sequence that passes through. */
import { MicrogridError } from "../../core";
import type { HiddenState, StageForward, StageInfo, StageLimits, StageService } from "../stages";
import type { GraphSpec } from "./graph-spec";
import { hiddenFault } from "./step";
import type { KvCacheFactory } from "./cache/kv-cache";
import type { SequenceCache } from "./cache/sequence-cache";
import { RunShare } from "./run-share";
import type { ModelRunner } from "./runner";
import { SharedRuns } from "./shared-runs";
import type { TakeTurn } from "./turns";

/** Runs layers for sequences that others own. The next tokens of several share a run, see `SharedRuns`. */
export class OnnxStage implements StageService {
  readonly info: StageInfo;
  readonly #runner: ModelRunner;
  readonly #spec: GraphSpec;
  readonly #create: KvCacheFactory<SequenceCache>;
  readonly #limits: StageLimits;
  readonly #turn: TakeTurn;
  readonly #runs: SharedRuns;
  readonly #caches = new Map<string, SequenceCache>();
  readonly #unloading = new AbortController();

  constructor(options: {
    info: StageInfo;
    runner: ModelRunner;
    spec: GraphSpec;
    create: KvCacheFactory<SequenceCache>;
    limits: StageLimits;
    turn: TakeTurn;
  }) {
    this.info = options.info;
    this.#runner = options.runner;
    this.#spec = options.spec;
    this.#create = options.create;
    this.#limits = options.limits;
    this.#turn = options.turn;
    const { runner, turn, spec, info } = options;
    const enabled = spec.batches[info.backend];
    const share = new RunShare();
    this.#runs = new SharedRuns({ runner, turn, enabled, share, fits: (caches) => this.#fit(caches) });
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
  async forward(forward: StageForward, options: { signal: AbortSignal }): Promise<HiddenState> {
    const signal = AbortSignal.any([options.signal, this.#unloading.signal]);
    signal.throwIfAborted();
    this.#check(forward);
    const { sequence, keep, count, hidden } = forward;
    const result = await this.#runs.step(
      {
        sequence,
        step: { hidden, count },
        wanted: { logits: 0, hidden: true },
        shared: () => this.#continued(sequence, keep),
        own: () => this.#cutOrMade(sequence, keep, count),
      },
      signal,
    );
    return result.hidden;
  }

  end(sequence: string): void {
    // In a turn of its own, since one that runs may be using the cache.
    const forget = (): Promise<void> => {
      this.#caches.get(sequence)?.dispose();
      this.#caches.delete(sequence);
      return Promise.resolve();
    };
    void this.#runs.work(sequence, forget, this.#unloading.signal).catch(() => undefined);
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

  /** The cache of a sequence that goes on where it ends. It becomes the most recently used one. */
  #continued(sequence: string, keep: number): SequenceCache | undefined {
    const held = this.#caches.get(sequence);
    if (!held || keep === 0 || held.length !== keep || !this.#fit([held])) return undefined;
    this.#caches.delete(sequence);
    this.#caches.set(sequence, held);
    return held;
  }

  /** Whether one more token for each of these sequences fits in the memory, beside all others and all with room for the longest. */
  #fit(caches: readonly SequenceCache[]): boolean {
    const longest = Math.max(...caches.map(({ length }) => length + 1));
    const bytes = caches.length * this.#bytesFor(longest);
    const others = this.held.bytes - caches.reduce((sum, cache) => sum + cache.bytes, 0);
    return others + bytes <= this.#limits.cacheBytes;
  }

  #bytesFor(tokens: number): number {
    return this.#spec.fixedBytes + tokens * this.#spec.bytesPerToken;
  }

  /** The cache of a sequence without all tokens from `keep` on, or a new one. Throws `stage-lost` and `stage-refused`. */
  #cutOrMade(sequence: string, keep: number, count: number): SequenceCache {
    const held = this.#caches.get(sequence);
    const length = held?.length ?? 0;
    if (length < keep || (keep > 0 && keep < length && !held?.canGoBack)) {
      const text = `A stage knows ${length} tokens of a sequence and cannot go on after ${keep} of them.`;
      throw new MicrogridError("stage-lost", text);
    }
    const bytes = this.#bytesFor(keep + count);
    if (bytes > this.#limits.cacheBytes) throw refused("its memory for this pipeline is too small for so long a text");
    const cache = held ?? this.#create();
    // The most recently used sequence is last in the map.
    this.#caches.delete(sequence);
    this.#makeRoom(bytes);
    this.#caches.set(sequence, cache);
    cache.truncate(keep);
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
