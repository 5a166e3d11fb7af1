/** Computes the next tokens of several sequences in one run: of a whole model, of a stage, or of an end of a ring. */
import { type Deferred, deferred } from "../../core";
import { ANSWERS_AT_ONCE } from "../stages";
import { CacheBatch } from "./cache/batch";
import type { SequenceCache } from "./cache/sequence-cache";
import type { RunShare } from "./run-share";
import type { ModelRunner } from "./runner";
import { TOLERANCE, difference } from "./self-check";
import { type Step, type StepResult, type Wanted, numbersOf } from "./step";
import type { TakeTurn } from "./turns";

/** The next tokens of one sequence. */
interface SequenceStep {
  /** Tells sequences apart: steps of one are computed in the order in which they were asked for. */
  readonly sequence: unknown;
  readonly step: Step;
  readonly wanted: Wanted;
  /** The state that the step follows, if it can be fed as it is; otherwise the step needs a turn of its own. */
  shared(): SequenceCache | undefined;
  /** The state that the step follows, made or cut for it in a turn of its own; throws if there is none. */
  own(): SequenceCache;
}

/** A step that waits. */
interface Waiting extends SequenceStep {
  readonly signal: AbortSignal;
  result: StepResult | undefined;
  /** Its result, as soon as it is there: in its own turn, or in an earlier one. */
  readonly done: Deferred<StepResult>;
}

/** A step or other work in its order among those of its sequence. */
interface Queued {
  readonly sequence: unknown;
  /** Undefined for work that is no single token. */
  readonly waiting?: Waiting;
}

/** A step with its state. */
interface Ready {
  readonly waiting: Waiting;
  readonly cache: SequenceCache;
}

/**
 * Sequences ask for one step at a time. Single tokens that wait when a turn begins share its run, which reads the weights once
 * for all of them: sequences join and leave with every token. Pieces of prompts have turns of their own, and before each of them,
 * all sequences that wait get a token: whoever reads along waits for one piece at most, however many others begin.
 *
 * A number of sequences that has not run together before is tried first, and again when the longest of them has doubled: each is
 * also computed alone. If the results differ or the run fails, fewer run together from then on, and these have lost nothing.
 */
export class SharedRuns {
  readonly #runner: ModelRunner;
  readonly #turn: TakeTurn;
  readonly #share: RunShare | undefined;
  readonly #fits: (caches: readonly SequenceCache[]) => boolean;
  readonly #queue = new Set<Queued>();
  /** Numbers of sequences, and lengths as powers of two, that gave the same results together as alone. */
  readonly #trusted = new Set<string>();
  /** Sequences that may run together. */
  #most: number;

  /**
   * `enabled`: false for graphs that take one sequence only, or whose results for one depend on the others. `share`: limits a run to
   * this device's share of a ring; all that wait by default. `fits`: whether there is memory for these sequences side by side,
   * each with as much room as the longest needs; always by default.
   */
  constructor(options: {
    runner: ModelRunner;
    turn: TakeTurn;
    enabled: boolean;
    share?: RunShare;
    fits?: (caches: readonly SequenceCache[]) => boolean;
  }) {
    this.#runner = options.runner;
    this.#turn = options.turn;
    this.#share = options.share;
    this.#fits = options.fits ?? (() => true);
    this.#most = options.enabled ? ANSWERS_AT_ONCE : 1;
  }

  /** Computes a step: together with others, or in a turn of its own. */
  async step(step: SequenceStep, signal: AbortSignal): Promise<StepResult> {
    const { count } = step.step;
    const { logits, hidden } = step.wanted;
    const alone = () => this.#runner.run(step.own(), step.step, step.wanted);
    if (count > 1 || logits + Number(hidden) !== 1) return this.work(step.sequence, async () => alone(), signal);
    const waiting: Waiting = { ...step, signal, result: undefined, done: deferred() };
    this.#share?.came(step.sequence);
    return this.#queued({ sequence: step.sequence, waiting }, async () => {
      this.#turn(async () => {
        if (!waiting.result) await this.#runWaiting(2);
        if (waiting.result) return;
        const start = performance.now();
        waiting.result = await alone();
        this.#leave([waiting], performance.now() - start);
      }, signal).catch((error: unknown) => waiting.done.reject(error));
      return waiting.done.promise;
    });
  }

  /** Takes a turn for anything else that a sequence needs, and one before it for all tokens that wait by then. */
  work<T>(sequence: unknown, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    return this.#queued({ sequence }, () => {
      this.#turn(() => this.#runWaiting(1), signal).catch(() => undefined);
      return this.#turn(work, signal);
    });
  }

  async #queued<T>(queued: Queued, wait: () => Promise<T>): Promise<T> {
    this.#queue.add(queued);
    try {
      return await wait();
    } finally {
      this.#queue.delete(queued);
    }
  }

  /** Computes the next tokens of sequences that wait, if at least this number of them do. */
  async #runWaiting(least: number): Promise<void> {
    const together = this.#ready();
    const count = together.length;
    if (count < least) return;
    let batch: CacheBatch | undefined;
    let start = performance.now();
    try {
      if (count === 1) {
        const [{ cache, waiting }] = together as [Ready];
        waiting.result = await this.#runner.run(cache, waiting.step, waiting.wanted);
        return;
      }
      batch = await CacheBatch.of(together.map(({ cache }) => cache));
      const size = `${count}, ${Math.floor(Math.log2(Math.max(...batch.lengths)))}`;
      const isTrusted = this.#trusted.has(size);
      if (!isTrusted) await this.#runAlone(together);
      start = performance.now();
      const steps = together.map(({ waiting }) => waiting.step);
      const wanted = wantedOfAll(together, isTrusted);
      const isTaken = await this.#runner.runTogether(batch, steps, wanted, (results) =>
        take(together, results, isTrusted),
      );
      if (isTaken) this.#trusted.add(size);
      else this.#most = count - 1;
    } catch {
      // Each step without a result is computed alone in its own turn, which reports a lasting cause.
      if (count > 1) this.#most = count - 1;
    } finally {
      batch?.release();
      const done = together.map(({ waiting }) => waiting).filter(({ result }) => result);
      this.#leave(done, performance.now() - start);
    }
  }

  /** Hands out the results of one run. */
  #leave(done: readonly Waiting[], runMs: number): void {
    for (const { sequence, done: promise, result } of done) {
      this.#share?.left(sequence, runMs);
      promise.resolve(result!);
    }
  }

  /** The steps of the next run: the first of each sequence that can be computed now, while there is room for them. */
  #ready(): readonly Ready[] {
    const sequences = new Set<unknown>();
    const together: Ready[] = [];
    for (const { sequence, waiting } of this.#queue) {
      if (together.length >= this.#most) break;
      const isFirst = !sequences.has(sequence);
      sequences.add(sequence);
      if (!isFirst || !waiting || waiting.result || waiting.signal.aborted) continue;
      const cache = waiting.shared();
      const all = together.map((each) => each.cache);
      if (cache && (all.length === 0 || this.#fits([...all, cache]))) together.push({ waiting, cache });
    }
    const chosen = together.slice(0, this.#share?.of(together.length));
    // Always in the same order, so that they stay side by side.
    return chosen.sort((a, b) => a.cache.serial - b.cache.serial);
  }

  async #runAlone(together: readonly Ready[]): Promise<void> {
    for (const { cache, waiting } of together) {
      const wanted = { ...waiting.wanted, candidates: undefined };
      waiting.result = await this.#runner.run(cache, waiting.step, wanted);
    }
  }
}

/** The results that each of these steps needs; all logits where they are to be compared. */
function wantedOfAll(together: readonly Ready[], isTrusted: boolean): Wanted {
  const { logits, hidden } = together[0]!.waiting.wanted;
  const most = Math.max(...together.map(({ waiting }) => waiting.wanted.candidates ?? Infinity));
  return { logits, hidden, candidates: isTrusted && Number.isFinite(most) ? most : undefined };
}

/** Takes the results of a run for several sequences, unless they differ from those that each has got alone. */
function take(together: readonly Ready[], results: readonly StepResult[], isTrusted: boolean): boolean {
  const isRight = ({ waiting }: Ready, row: number): boolean => {
    const result = results[row];
    if (result?.logits.length !== waiting.wanted.logits) return false;
    return isTrusted || (!!waiting.result && isSame(result, waiting.result));
  };
  if (!together.every(isRight)) return false;
  for (const [row, { waiting }] of together.entries()) waiting.result = results[row];
  return true;
}

/** Whether two ways to compute a step agree. A peer's input may give numbers that are not finite, which prove nothing. */
function isSame(result: StepResult, alone: StepResult): boolean {
  const expected = numbersOf(alone);
  return !expected.every(Number.isFinite) || difference(numbersOf(result), expected) <= TOLERANCE;
}
