/** The decoder of a whole model: computes the next tokens of several answers in one run. */
import { type Deferred, deferred } from "../../core";
import { CacheBatch } from "./cache/batch";
import type { SequenceCache } from "./cache/sequence-cache";
import type { ModelRunner } from "./runner";
import { TOLERANCE, difference } from "./self-check";
import type { Decoder } from "./sequence";
import type { TakeTurn } from "./turns";

/** An answer that waits for the logits after its next token. */
interface Waiting {
  readonly cache: SequenceCache;
  readonly id: number;
  readonly candidates: number | undefined;
  readonly signal: AbortSignal;
  logits: Float32Array | undefined;
  /** Its logits, as soon as they are there: in its own turn, or in an earlier one. */
  readonly done: Deferred<Float32Array>;
}

/**
 * Answers ask for one token at a time. Those that wait when a turn begins share its run, which reads the weights once for all of
 * them: answers join and leave with every token. Pieces of prompts have turns of their own, and before each of them, all
 * answers that wait get a token: whoever reads along waits for one piece at most, however many others begin.
 *
 * A number of answers that has not run together before is tried first, and again when the longest of them has doubled: each is
 * also computed alone. If the results differ or the run fails, fewer answers run together from then on, and these have lost
 * nothing.
 */
export class BatchingDecoder implements Decoder<SequenceCache> {
  readonly #runner: ModelRunner;
  readonly #turn: TakeTurn;
  readonly #waiting = new Set<Waiting>();
  /** Numbers of answers, and lengths as powers of two, that gave the same results together as alone. */
  readonly #trusted = new Set<string>();
  /** Answers that may run together. */
  #most: number;

  /** `enabled`: false for graphs that take one sequence only, or whose results for one depend on the others. */
  constructor(options: { runner: ModelRunner; turn: TakeTurn; enabled: boolean }) {
    this.#runner = options.runner;
    this.#turn = options.turn;
    this.#most = options.enabled ? Infinity : 1;
  }

  feed(cache: SequenceCache, ids: readonly number[], signal: AbortSignal): Promise<void> {
    return this.#long(() => this.#runner.feed(cache, ids), signal);
  }

  async predict(
    cache: SequenceCache,
    ids: readonly number[],
    rows: number,
    signal: AbortSignal,
    candidates?: number,
  ): Promise<readonly Float32Array[]> {
    const [id] = ids;
    if (id === undefined || ids.length > 1 || rows !== 1 || cache.length === 0) {
      return this.#long(() => this.#runner.predict(cache, ids, rows, candidates), signal);
    }
    const waiting: Waiting = { cache, id, candidates, signal, logits: undefined, done: deferred() };
    this.#waiting.add(waiting);
    this.#turn(async () => {
      if (!waiting.logits) await this.#predictWaiting(2);
      if (waiting.logits) return;
      // The answers could not be computed together.
      const [logits] = await this.#runner.predict(cache, ids, 1, candidates);
      waiting.done.resolve(logits!);
    }, signal).catch((error: unknown) => waiting.done.reject(error));
    try {
      return [await waiting.done.promise];
    } finally {
      this.#waiting.delete(waiting);
    }
  }

  /** Takes a turn for several tokens of one sequence, and one before it for all answers that wait by then. */
  #long<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    this.#turn(() => this.#predictWaiting(1), signal).catch(() => undefined);
    return this.#turn(work, signal);
  }

  /** Computes the next tokens of answers that wait, if at least this number of them do. */
  async #predictWaiting(least: number): Promise<void> {
    const all = [...this.#waiting].filter(({ signal, logits }) => !signal.aborted && !logits);
    const together = all.slice(0, this.#most);
    const count = together.length;
    if (count < least) return;
    // Always in the same order, so that they stay side by side.
    together.sort((a, b) => a.cache.serial - b.cache.serial);
    let batch: CacheBatch | undefined;
    try {
      if (count === 1) {
        await this.#predictAlone(together[0]!, together[0]!.candidates);
        return;
      }
      batch = await CacheBatch.of(together.map(({ cache }) => cache));
      const size = `${count}, ${Math.floor(Math.log2(Math.max(...batch.lengths)))}`;
      const isTrusted = this.#trusted.has(size);
      if (!isTrusted) for (const each of together) await this.#predictAlone(each);
      const ids = together.map(({ id }) => id);
      const candidates = isTrusted ? mostCandidates(together) : undefined;
      const isTaken = await this.#runner.predictTogether(batch, ids, candidates, (rows) =>
        take(together, rows, isTrusted),
      );
      if (isTaken) this.#trusted.add(size);
      else this.#most = count - 1;
    } catch {
      // Each answer without logits is computed alone in its own turn, which reports a lasting cause.
      this.#most = Math.max(1, count - 1);
    } finally {
      batch?.release();
      for (const { logits, done } of together) if (logits) done.resolve(logits);
    }
  }

  async #predictAlone(each: Waiting, candidates?: number): Promise<void> {
    const [logits] = await this.#runner.predict(each.cache, [each.id], 1, candidates);
    each.logits = logits;
  }
}

/** Enough candidates for each of these answers; undefined if one of them needs all logits. */
function mostCandidates(together: readonly Waiting[]): number | undefined {
  const counts = together.map(({ candidates }) => candidates ?? Infinity);
  const most = Math.max(...counts);
  return Number.isFinite(most) ? most : undefined;
}

/** Takes the results of a run for several answers, unless they differ from those that each has got alone. */
function take(together: readonly Waiting[], rows: readonly Float32Array[], isTrusted: boolean): boolean {
  const isRight = ({ logits }: Waiting, row: number): boolean =>
    isTrusted || (!!rows[row] && !!logits && difference(rows[row], logits) <= TOLERANCE);
  if (rows.length !== together.length || !together.every(isRight)) return false;
  for (const [row, each] of together.entries()) each.logits = rows[row];
  return true;
}
