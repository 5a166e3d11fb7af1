/**
 * Finds out which stage of a ring holds a step back: one that hangs, drops steps without a word, or says falsely that it has
 * passed one on. Links that end, and errors that stages tell of, are not its business.
 *
 * The oldest step is watched. Where it is not back in time, all stages are asked for it. The first in ring order that has
 * not passed it on is where it must be. Who does not answer is at fault at once. Whatever else it says gets a second chance:
 * a slow device, a long text that is being read again and a step on a slow line look the same at first. At the next inquiry
 * about the same step, it is at fault where it says the same and has done nothing since. Whoever claims to be at work for ever
 * is found by a limit.
 */
import { type Did, sleep } from "../../core";
import type { ReceivedStageBody } from "../../room";

/** A step is late when it takes so many times as long as the slowest of late, within these bounds, ms. */
const PATIENCE_FACTOR = 4;
const MIN_PATIENCE_MS = 10_000;
const MAX_PATIENCE_MS = 60_000;
/** What was slow once counts for less with each step since. */
const FADE = 0.95;
/** A stage that computes, and a page that is busy, answer within this, ms. */
const ANSWER_MS = 5_000;
/** So long a stage may say that it is at work, ms: a long text that is read again on slow devices takes minutes. */
const MAX_STEP_MS = 10 * 60_000;

type Seen = ReceivedStageBody<"stage.seen">;

interface WatchOptions {
  /** In ring order. */
  seats(): readonly Did[];
  /** Asks a stage for a step; resolves when the question is on its way. */
  ask(did: Did, step: number): Promise<void>;
  /** True for a step that has not left this node yet, since its line is busy. */
  waitsHere(step: number): boolean;
  /** This stage has a step and does not go on with it, or does not answer. */
  onStuck(did: Did): void;
  /** This stage says that it never got a step which the one before it says it has passed on. */
  onMissing(did: Did): void;
}

/** All stages are being asked for a step. */
interface Inquiry {
  readonly step: number;
  readonly seen: Map<Did, Seen>;
  /** Aborted when all have answered, or the answer is not wanted any more. */
  readonly over: AbortController;
}

/** Where a step was at the last inquiry. */
interface Finding {
  readonly step: number;
  /** Equal for two inquiries between which nothing has moved. */
  readonly place: string;
  readonly atMs: number;
}

/** Watches the steps that a ring has not given back yet. */
export class StepWatch {
  readonly #options: WatchOptions;
  /** When each was given, ms; oldest first. */
  readonly #steps = new Map<number, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #resting = true;
  #resumedMs = 0;
  #slowestMs = 0;
  /** The last inquiry: stages are not asked more often than they may take to answer. */
  #askedMs = -Infinity;
  #inquiry: Inquiry | undefined;
  #finding: Finding | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /** Time that a step may take now, ms. */
  get patienceMs(): number {
    return Math.min(MAX_PATIENCE_MS, Math.max(MIN_PATIENCE_MS, PATIENCE_FACTOR * this.#slowestMs));
  }

  /** A step has been given to the ring. */
  given(step: number): void {
    this.#steps.set(step, performance.now());
    this.#arm();
  }

  /** It is back. */
  back(step: number): void {
    const given = this.#steps.get(step);
    // What was given before a repair says nothing about the ring as it is now.
    if (given !== undefined && given >= this.#resumedMs) {
      this.#slowestMs = Math.max(performance.now() - given, FADE * this.#slowestMs);
    }
    this.#steps.delete(step);
  }

  /** Nobody waits for it any more. */
  forget(step: number): void {
    this.#steps.delete(step);
  }

  /** Nothing counts until `resume`: a stage is being replaced. */
  rest(): void {
    this.#resting = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#inquiry?.over.abort();
    this.#inquiry = undefined;
    this.#finding = undefined;
  }

  /** All time counts from now on, where it did not. `stepMs`: what the stages that are there now say a step takes them. */
  resume(stepMs: number): void {
    if (!this.#resting) return;
    this.#resting = false;
    this.#resumedMs = performance.now();
    this.#slowestMs = Math.max(this.#slowestMs, stepMs);
    this.#arm();
  }

  /** A stage says where a step is. */
  seen(from: Did, seen: Seen): void {
    const inquiry = this.#inquiry;
    if (inquiry?.step !== seen.step) return;
    inquiry.seen.set(from, seen);
    if (this.#options.seats().every((did) => inquiry.seen.has(did))) inquiry.over.abort();
  }

  /** One timer for all steps: it looks at the oldest when it is due, and most are back long before. */
  #arm(): void {
    if (this.#resting || this.#timer !== undefined || this.#inquiry) return;
    const [oldest] = this.#steps;
    if (!oldest) return;
    const [step, given] = oldest;
    const now = performance.now();
    const seenMs = this.#finding?.step === step ? this.#finding.atMs : 0;
    const due = Math.max(Math.max(given, this.#resumedMs, seenMs) + this.patienceMs, this.#askedMs + ANSWER_MS);
    if (due > now) {
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.#arm();
      }, due - now);
    } else if (this.#options.waitsHere(step)) {
      this.#finding = { step, place: "here", atMs: now };
      this.#arm();
    } else {
      this.#askedMs = now;
      void this.#inquire(step);
    }
  }

  async #inquire(step: number): Promise<void> {
    const { seats, ask } = this.#options;
    const inquiry: Inquiry = { step, seen: new Map(), over: new AbortController() };
    const { signal } = inquiry.over;
    this.#inquiry = inquiry;
    // A question waits behind the steps that are on the same line, but not for ever.
    const asked = Promise.allSettled(seats().map((did) => ask(did, step)));
    await Promise.race([asked, sleep(MAX_PATIENCE_MS, signal)]);
    await sleep(ANSWER_MS, signal);
    inquiry.over.abort();
    if (this.#inquiry !== inquiry) return; // A stage was replaced meanwhile.
    this.#inquiry = undefined;
    if (this.#steps.has(step)) this.#judge(inquiry);
    this.#arm();
  }

  #judge({ step, seen }: Inquiry): void {
    const { seats, onStuck, onMissing } = this.#options;
    const dids = seats();
    const holder = dids.find((did) => seen.get(did)?.state !== "passed");
    // Where all have passed it on, it is this node that never got it.
    const answer = holder === undefined ? undefined : seen.get(holder);
    if (holder !== undefined && !answer) {
      onStuck(holder);
      return;
    }
    const finding: Finding = { step, place: `${holder} ${placeOf(answer)}`, atMs: performance.now() };
    const still = this.#finding?.step === step && this.#finding.place === finding.place;
    const tooLong = finding.atMs - Math.max(this.#steps.get(step) ?? 0, this.#resumedMs) > MAX_STEP_MS;
    this.#finding = finding;
    if (!still && !tooLong) return;
    const at = holder ?? dids.at(-1)!;
    if (answer?.state === "unknown") onMissing(at);
    else onStuck(at);
  }
}

/** Equal where nothing has moved. Other steps pass a stage that has lost one: there, they say nothing. */
function placeOf(seen: Seen | undefined): string {
  const works = seen?.state === "waiting" || seen?.state === "computing";
  return `${seen?.state} ${works ? seen.worked : ""}`;
}
