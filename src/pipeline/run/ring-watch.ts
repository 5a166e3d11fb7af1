/**
 * Finds the stage of a ring that holds a step back: one that hangs, drops steps silently, or falsely claims to have
 * passed one on. Broken links and reported errors are handled elsewhere.
 *
 * The oldest step is watched. If it is not back in time, all stages are asked for it. The first in ring order that has
 * not passed it on must have it. A stage that does not answer is at fault at once. After any other answer it gets a
 * second chance, because a slow device, a long text that is being read again and a step on a slow link look the same at
 * first. If it gives the same answer at the next inquiry about the same step and has done nothing since, it is at
 * fault. A limit catches stages that always claim to be at work.
 */
import { type Did, sleep } from "../../core";
import type { ReceivedStageBody } from "../../room";

/** A step is late when it takes this many times as long as the slowest recent one, within these bounds, in ms. */
const PATIENCE_FACTOR = 4;
const MIN_PATIENCE_MS = 10_000;
const MAX_PATIENCE_MS = 60_000;
/** The slowest time decays by this factor with each step. */
const FADE = 0.95;
/** A stage that computes, or a page that is busy, answers within this time, in ms. */
const ANSWER_MS = 5_000;
/** How long a stage may claim to be at work, in ms. On slow devices, reading a long text again takes minutes. */
const MAX_STEP_MS = 10 * 60_000;

type Seen = ReceivedStageBody<"stage.seen">;

interface WatchOptions {
  /** In ring order. */
  members(): readonly Did[];
  /** Asks a stage for a step; resolves when the question is on its way. */
  ask(did: Did, step: number): Promise<void>;
  /** True for a step that has not left this node yet because its link is busy. */
  waitsHere(step: number): boolean;
  /** Called for a stage that has a step and makes no progress with it, or does not answer. */
  onStuck(did: Did): void;
  /** Called for a stage that says that it never got a step, although the one before it says that it passed it on. */
  onMissing(did: Did): void;
}

/** A question to all stages about one step. */
interface Inquiry {
  readonly step: number;
  readonly seen: Map<Did, Seen>;
  /** Aborted when all stages have answered, or the answers are no longer wanted. */
  readonly over: AbortController;
}

/** Where a step was at the last inquiry. */
interface Finding {
  readonly step: number;
  /** Equal for two inquiries if nothing has moved between them. */
  readonly place: string;
  readonly atMs: number;
}

/** Watches the steps that have not come back from the ring yet. */
export class StepWatch {
  readonly #options: WatchOptions;
  /** The time at which each step was given to the ring, in ms; oldest first. */
  readonly #steps = new Map<number, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #resting = true;
  #resumedMs = 0;
  #slowestMs = 0;
  /** Time of the last inquiry. Stages are not asked more often than they may take to answer. */
  #askedMs = -Infinity;
  #inquiry: Inquiry | undefined;
  #finding: Finding | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /** Time that a step may take at present, in ms. */
  get patienceMs(): number {
    return Math.min(MAX_PATIENCE_MS, Math.max(MIN_PATIENCE_MS, PATIENCE_FACTOR * this.#slowestMs));
  }

  /** Call this when a step is given to the ring. */
  given(step: number): void {
    this.#steps.set(step, performance.now());
    this.#arm();
  }

  /** Call this when a step has come back. */
  back(step: number): void {
    const given = this.#steps.get(step);
    // Steps from before a repair say nothing about the ring as it is now.
    if (given !== undefined && given >= this.#resumedMs) {
      this.#slowestMs = Math.max(performance.now() - given, FADE * this.#slowestMs);
    }
    this.#steps.delete(step);
  }

  /** Call this when a step is no longer awaited. */
  forget(step: number): void {
    this.#steps.delete(step);
  }

  /** Stops all clocks until `resume`, because a stage is being replaced. */
  rest(): void {
    this.#resting = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#inquiry?.over.abort();
    this.#inquiry = undefined;
    this.#finding = undefined;
  }

  /** Restarts the clocks after `rest`. `stepMs` is the time for a step according to the present stages. */
  resume(stepMs: number): void {
    if (!this.#resting) return;
    this.#resting = false;
    this.#resumedMs = performance.now();
    this.#slowestMs = Math.max(this.#slowestMs, stepMs);
    this.#arm();
  }

  /** Takes a stage's answer about a step. */
  seen(from: Did, seen: Seen): void {
    const inquiry = this.#inquiry;
    if (inquiry?.step !== seen.step) return;
    inquiry.seen.set(from, seen);
    if (this.#options.members().every((did) => inquiry.seen.has(did))) inquiry.over.abort();
  }

  /** One timer serves all steps: it checks the oldest when that is due, and most steps are back long before. */
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
    const { members, ask } = this.#options;
    const inquiry: Inquiry = { step, seen: new Map(), over: new AbortController() };
    const { signal } = inquiry.over;
    this.#inquiry = inquiry;
    // A question waits behind the steps on the same link, but only for a limited time.
    const asked = Promise.allSettled(members().map((did) => ask(did, step)));
    await Promise.race([asked, sleep(MAX_PATIENCE_MS, signal)]);
    await sleep(ANSWER_MS, signal);
    inquiry.over.abort();
    if (this.#inquiry !== inquiry) return; // A stage was replaced meanwhile.
    this.#inquiry = undefined;
    if (this.#steps.has(step)) this.#judge(inquiry);
    this.#arm();
  }

  #judge({ step, seen }: Inquiry): void {
    const { members, onStuck, onMissing } = this.#options;
    const dids = members();
    const holder = dids.find((did) => seen.get(did)?.state !== "passed");
    // If all stages have passed the step on, it was lost on the way to this node.
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

/**
 * Equal if nothing has moved. The work counter matters only for a stage that has the step; others compute other steps.
 */
function placeOf(seen: Seen | undefined): string {
  const works = seen?.state === "waiting" || seen?.state === "computing";
  return `${seen?.state} ${works ? seen.worked : ""}`;
}
