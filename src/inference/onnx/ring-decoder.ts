/** Reads with a model whose middle is elsewhere: embedding and head are here, and the ring of stages lies between. */
import { MicrogridError, randomId } from "../../core";
import type { HiddenSlot, HiddenState, StageService } from "../stages";
import { hiddenFault } from "./step";
import type { SequenceCache } from "./cache/sequence-cache";
import { RunShare } from "./run-share";
import type { ModelRunner } from "./runner";
import type { Decoder, Sequence } from "./sequence";
import { SharedRuns } from "./shared-runs";
import type { TakeTurn } from "./turns";

/** Steps of one sequence that may be in the ring at once: enough to keep every stage of a usual ring busy. */
const MAX_IN_FLIGHT = 4;
/** How often a sequence is read again within one step before the answer fails. */
const MAX_REREADS = 3;

/** A sequence whose state is spread over the stages of the ring. */
export class RingSequence implements Sequence {
  /** Its name in the ring. It changes when the ring has to read the sequence again. */
  id = randomId(8);
  /** All tokens, including those that are still on their way. */
  readonly ids: number[] = [];
  readonly front: SequenceCache;
  readonly back: SequenceCache;
  /** Steps on their way through the ring, in order; these never reject. */
  readonly flights: Promise<void>[] = [];
  readonly canGoBack: boolean;
  readonly #ring: StageService;

  constructor(ring: StageService, parts: { front: SequenceCache; back: SequenceCache; canGoBack: boolean }) {
    this.#ring = ring;
    this.front = parts.front;
    this.back = parts.back;
    this.canGoBack = parts.canGoBack;
  }

  get length(): number {
    return this.ids.length;
  }

  get bytes(): number {
    return this.front.bytes + this.back.bytes;
  }

  /** Does nothing: each step makes its own room, here as in the ring. */
  reserve(): Promise<void> {
    return Promise.resolve();
  }

  /** Takes effect with the next step, since steps that are on their way would undo it. */
  truncate(length: number): void {
    if (length < this.ids.length) this.ids.length = this.canGoBack ? length : 0;
  }

  dispose(): void {
    this.#ring.end(this.id);
    this.ids.length = 0;
    void Promise.all(this.flights).then(() => {
      this.front.dispose();
      this.back.dispose();
    });
  }

  /** From now on the ring does not know this sequence. */
  forget(): void {
    this.#ring.end(this.id);
    this.id = randomId(8);
  }
}

/** A part of the model that is here, at one end of the ring. */
interface RingEnd {
  readonly runner: ModelRunner;
  /** Whether one run may be tried with the next tokens of several sequences. */
  readonly batches: boolean;
}

/** The two ends of a ring. */
interface RingEnds {
  /** From the token ids to the first cut. */
  readonly front: RingEnd;
  /** From the last cut to the logits. If `backHasLayers`, each token has to pass through it. */
  readonly back: RingEnd;
  readonly backHasLayers: boolean;
  /** The hidden state that the ring gives back. */
  readonly returns: readonly HiddenSlot[];
  readonly stepTokens: number;
}

/** Feeds sequences through a ring. At both ends, the next tokens of several share a run, see `SharedRuns`. */
export class RingDecoder implements Decoder<RingSequence> {
  readonly #ends: RingEnds;
  readonly #ring: StageService;
  readonly #front: SharedRuns;
  readonly #back: SharedRuns;

  constructor(ends: RingEnds, ring: StageService, turn: TakeTurn) {
    this.#ends = ends;
    this.#ring = ring;
    const runs = ({ runner, batches }: RingEnd) =>
      new SharedRuns({ runner, turn, enabled: batches, share: new RunShare() });
    this.#front = runs(ends.front);
    this.#back = runs(ends.back);
  }

  /** Returns as soon as the next step may enter the ring, so that its stages work at once. */
  async feed(sequence: RingSequence, ids: readonly number[], signal: AbortSignal): Promise<void> {
    // A failure here leaves a gap. The next step that gives logits finds and fills it.
    void this.#send(sequence, ids, 0, signal);
    while (sequence.flights.length >= MAX_IN_FLIGHT) await sequence.flights[0];
    signal.throwIfAborted();
  }

  async predict(
    sequence: RingSequence,
    ids: readonly number[],
    rows: number,
    signal: AbortSignal,
  ): Promise<readonly Float32Array[]> {
    let logits = this.#send(sequence, ids, rows, signal);
    for (let reread = 0; ; reread++) {
      try {
        return await logits;
      } catch (error) {
        signal.throwIfAborted();
        const lost = error instanceof MicrogridError && error.code === "stage-lost";
        if (!lost || reread === MAX_REREADS) throw error;
        logits = this.#readAnew(sequence, rows, signal);
      }
    }
  }

  /** Sends tokens around the ring after those on their way. Rejects with `stage-lost` if tokens before them were lost. */
  #send(
    sequence: RingSequence,
    ids: readonly number[],
    rows: number,
    signal: AbortSignal,
  ): Promise<readonly Float32Array[]> {
    const keep = sequence.length;
    sequence.ids.push(...ids);
    const before = sequence.flights.at(-1);
    const flight = this.#fly(sequence, { keep, ids, rows, before, signal });
    const landed = flight.then(
      () => undefined,
      () => undefined,
    );
    sequence.flights.push(landed);
    void landed.then(() => sequence.flights.splice(sequence.flights.indexOf(landed), 1));
    return flight;
  }

  async #fly(
    sequence: RingSequence,
    step: {
      readonly keep: number;
      readonly ids: readonly number[];
      readonly rows: number;
      readonly before: Promise<void> | undefined;
      readonly signal: AbortSignal;
    },
  ): Promise<readonly Float32Array[]> {
    const { keep, ids, rows, before, signal } = step;
    const { backHasLayers, returns } = this.#ends;
    const { front, back } = sequence;
    const count = ids.length;
    const entering = { step: { ids, count }, wanted: { logits: 0, hidden: true } };
    const { hidden: sent } = await this.#front.step({ sequence, ...entering, ...after(front, keep) }, signal);
    const returning = this.#ring.forward({ sequence: sequence.id, keep, count, hidden: sent }, { signal });
    returning.catch(() => undefined); // awaited below, after the steps before it
    await before;
    const hidden: HiddenState = await returning;
    const fault = hiddenFault(hidden, returns, count);
    if (fault !== undefined) throw lost(`the ring gave back what it should not: ${fault}`);
    if (rows === 0 && !backHasLayers) {
      const pass = async () => cutTo(back, keep).advance({}, count);
      await this.#back.work(sequence, pass, signal);
      return [];
    }
    const leaving = { step: { hidden, count }, wanted: { logits: rows, hidden: false } };
    return (await this.#back.step({ sequence, ...leaving, ...after(back, keep) }, signal)).logits;
  }

  /** Reads the sequence again from its ids, because the ring has lost all or part of it. */
  async #readAnew(sequence: RingSequence, rows: number, signal: AbortSignal): Promise<readonly Float32Array[]> {
    await Promise.all(sequence.flights);
    const ids = sequence.ids.splice(0);
    sequence.forget();
    const { stepTokens } = this.#ends;
    // The last step holds all rows that are wanted.
    const last = Math.max(0, Math.min(ids.length - rows, Math.floor((ids.length - 1) / stepTokens) * stepTokens));
    for (let at = 0; at < last; at += stepTokens) {
      await this.feed(sequence, ids.slice(at, Math.min(last, at + stepTokens)), signal);
    }
    return this.#send(sequence, ids.slice(last), rows, signal);
  }
}

/** The state for a step after the first `keep` tokens. */
function after(cache: SequenceCache, keep: number) {
  return {
    shared: () => (keep > 0 && cache.length === keep ? cache : undefined),
    own: () => cutTo(cache, keep),
  };
}

/** The cache without all tokens from `keep` on; throws `stage-lost` if it has fewer tokens. */
function cutTo(cache: SequenceCache, keep: number): SequenceCache {
  cache.truncate(keep);
  if (cache.length < keep) throw lost("tokens before these were lost on their way");
  return cache;
}

function lost(why: string): MicrogridError {
  return new MicrogridError("stage-lost", `The pipeline has to read again: ${why}.`);
}
