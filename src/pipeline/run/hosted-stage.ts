/** One stage that runs here for somebody: computes the steps of the neighbour before it, and gives them to the next. */
import { type Did, type ErrorCode, MicrogridError } from "../../core";
import type { StageInfo, StageService } from "../../inference";
import { type ReceivedStageBody, type StageLanes, stepPace } from "../../room";
import { EarlySteps } from "./early-steps";
import type { RingNeighbour } from "./neighbour";
import { NextLink, hiddenOf, tellFailure } from "./next-link";
import { MAX_KEPT_BYTES, bytesOf } from "./history";
import { SequenceLog } from "./sequences";

/** Steps of which it is known where they are; a consumer has far fewer open at once. */
const MAX_PLACES = 16_384;

/** What a node is asked to hold. */
export type StageRequest = ReceivedStageBody<"stage.open">;

/** A stage in memory. */
export interface OpenStage {
  readonly info: StageInfo;
  readonly service: StageService;
  close(): void;
}

interface FailurePlace {
  readonly sequence: string;
  readonly step?: number;
}

type Seen = ReceivedStageBody<"stage.seen">;

/** A stage from when it is asked for until it is closed. */
export class HostedStage {
  readonly consumer: Did;
  readonly request: StageRequest;
  readonly stop = new AbortController();
  readonly #traffic: StageLanes;
  readonly #edge: NextLink;
  /** What came before the stage was in memory, or before the consumer has named who sent it. */
  readonly #early = new EarlySteps();
  /** Where the consumer's open steps are; the latest stand last. */
  readonly #places = new Map<number, "computing" | "passed">();
  /** What is with the model. */
  readonly #underWay = new Set<{ readonly sequence: string; readonly stop: AbortController }>();
  /** Failures that a consumer is told of: whoever gives nonsense is not to make this node a flooder. */
  readonly #failures = stepPace();
  readonly #sequences = new SequenceLog();
  /** Memory of what is with the model, bytes. */
  #heldBytes = 0;
  /** Ends the dialling of a neighbour behind when another is named. */
  #dial = new AbortController();
  /** Lets go of the link to the neighbour behind. */
  #release: () => void = () => undefined;
  #stage: OpenStage | undefined;
  #previous: RingNeighbour;
  /** The latest attempt for which a neighbour behind was named. */
  #nextAttempt: number;
  #computed = 0;

  constructor(traffic: StageLanes, consumer: Did, request: StageRequest) {
    this.#traffic = traffic;
    this.consumer = consumer;
    this.request = request;
    this.#previous = { did: request.previous, attempt: request.attempt };
    this.#nextAttempt = request.attempt;
    this.#edge = new NextLink(traffic, request.pipeline, { did: request.next, attempt: request.attempt }, (lost) =>
      this.#lose(lost),
    );
  }

  /** Whether it is in memory. */
  get ready(): boolean {
    return this.#stage !== undefined;
  }

  /** The stage is in memory: what came too early is computed. */
  begin(stage: OpenStage): void {
    this.#stage = stage;
    this.#retry();
  }

  forward(from: Did, body: ReceivedStageBody<"stage.forward">): void {
    const { did, attempt } = this.#previous;
    if (!this.#stage || body.attempt > attempt) this.#early.add(from, body);
    else if (from === did && body.attempt === attempt) this.#take(body);
  }

  /** Of two words that name a neighbour, the later attempt counts. */
  previous({ did, attempt }: ReceivedStageBody<"stage.previous">): void {
    if (attempt <= this.#previous.attempt) return;
    this.#previous = { did, attempt };
    this.#sequences.renew();
    this.#retry();
  }

  /** Keeps the link to the consumer as long as the stage is here: to notice its loss. */
  async holdConsumer(): Promise<void> {
    const { signal } = this.stop;
    const release = await this.#traffic.hold(this.consumer, { signal });
    if (signal.aborted) release();
    else signal.addEventListener("abort", release);
  }

  /**
   * Keeps a link to the neighbour behind, in place of the one that was held before, until another is named. Throws
   * `peer-lost` where there is none to be had.
   */
  async holdNext(did: Did): Promise<void> {
    this.#dial.abort();
    this.#dial = new AbortController();
    const signal = AbortSignal.any([this.stop.signal, this.#dial.signal]);
    const release = await this.#traffic.hold(did, { signal });
    if (signal.aborted) {
      release();
      return;
    }
    this.#release();
    this.#release = release;
  }

  /** Goes on to another neighbour as soon as there is a link to it, unless a later one is named meanwhile. */
  async next({ did, attempt, ...again }: ReceivedStageBody<"stage.next">): Promise<void> {
    if (attempt <= this.#nextAttempt) return;
    this.#nextAttempt = attempt;
    // Where no link can be had, the new stage is lost to the consumer too, or will answer nothing.
    await this.holdNext(did).catch(() => undefined);
    if (attempt < this.#nextAttempt || this.stop.signal.aborted) return;
    for (const sequence of this.#edge.reroute({ did, attempt }, again)) this.#lose(sequence);
  }

  /**
   * Nobody wants a sequence any more, nor what is under way of it: given on, it would be begun anew behind its end. One that
   * is not known here ends here: an end is not to go around for ever where somebody has made a loop of stages.
   */
  end(from: Did, sequence: string): void {
    if (from !== this.#previous.did || !this.#sequences.end(sequence)) return;
    for (const one of this.#underWay) if (one.sequence === sequence) one.stop.abort();
    this.#stage?.service.end(sequence);
    this.#edge.end(sequence);
  }

  /**
   * Where a step is that the consumer has not back yet. What came early counts only if it is from the neighbour that the
   * consumer means: others may send what they like, and this stage is not to seem to hold it back.
   */
  where({ step, previous, attempt }: ReceivedStageBody<"stage.where">): Seen {
    const waits = this.#edge.waits(step) || this.#early.has(step, { did: previous, attempt });
    const state = waits ? "waiting" : (this.#places.get(step) ?? "unknown");
    return { pipeline: this.request.pipeline, step, state, worked: this.#computed + this.#edge.sent };
  }

  close(): void {
    this.stop.abort(new MicrogridError("closed", "The pipeline was closed."));
    this.#release();
    this.#edge.close();
    this.#stage?.close();
  }

  /** Computes a step that keeps to the terms, is new, and finds room. */
  #take(body: ReceivedStageBody<"stage.forward">): void {
    const { step, sequence, keep, count } = body;
    const { context, stepTokens } = this.request;
    const last = this.#sequences.last(sequence);
    if (step <= last) return;
    const bytes = bytesOf([{ hidden: hiddenOf(body) }]);
    if (count > stepTokens || keep + count > context) {
      this.#fail(body, "stage-refused", "A device of the pipeline was given more tokens than it was asked to hold.");
    } else if (this.#heldBytes + bytes > MAX_KEPT_BYTES) {
      this.#fail(body, "stage-lost", "A device of the pipeline was given more than it can keep.");
    } else {
      this.#heldBytes += bytes;
      this.#sequences.note(sequence, step);
      void this.#compute(body, last).finally(() => (this.#heldBytes -= bytes));
    }
  }

  async #compute(body: ReceivedStageBody<"stage.forward">, last: number): Promise<void> {
    const { step, sequence, keep, count, upTo } = body;
    const hidden = hiddenOf(body);
    const { to } = this.request;
    // The consumer has back what does not go all the way around.
    const isOpen = upTo === undefined;
    const underWay = { sequence, stop: new AbortController() };
    const signal = AbortSignal.any([this.stop.signal, underWay.stop.signal]);
    this.#underWay.add(underWay);
    try {
      if (isOpen) this.#place(step, "computing");
      const given = await this.#stage!.service.forward({ sequence, keep, count, hidden }, { signal });
      signal.throwIfAborted();
      const known = !isOpen && to >= upTo;
      const further = !isOpen && !known ? { upTo } : {};
      this.#edge.give({ step, sequence, keep, count, hidden: given, ...further }, { known });
      if (isOpen) this.#place(step, "passed");
    } catch (error) {
      this.#places.delete(step);
      this.#sequences.undo(sequence, step, last);
      if (!signal.aborted) this.#tell({ sequence, step }, error);
    } finally {
      this.#underWay.delete(underWay);
      this.#computed++;
    }
  }

  /** A sequence has to be read again. */
  #lose(sequence: string): void {
    this.#fail({ sequence }, "stage-lost", "A device of the pipeline no longer has what it gave on.");
  }

  #fail({ sequence, step }: FailurePlace, code: ErrorCode, message: string): void {
    this.#tell({ sequence, ...(step !== undefined && { step }) }, new MicrogridError(code, message));
  }

  #tell(place: FailurePlace, error: unknown): void {
    if (!this.#failures.take(performance.now())) return;
    tellFailure(this.#traffic, this.consumer, { pipeline: this.request.pipeline, ...place }, error);
  }

  #place(step: number, place: "computing" | "passed"): void {
    this.#places.delete(step);
    this.#places.set(step, place);
    const [oldest] = this.#places.keys();
    if (this.#places.size > MAX_PLACES) this.#places.delete(oldest!);
  }

  #retry(): void {
    for (const { from, step } of this.#early.take()) this.forward(from, step);
  }
}
