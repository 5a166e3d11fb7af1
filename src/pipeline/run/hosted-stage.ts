/**
 * One stage that runs here for a consumer: computes the steps of the previous neighbour and passes them to the next.
 */
import { type Did, type ErrorCode, MicrogridError, onAbort, putNewest } from "../../core";
import type { HiddenState, StageInfo, StageService } from "../../inference";
import { type ReceivedStageBody, type StageLanes, stepPace } from "../../room";
import { EarlySteps } from "./early-steps";
import { NextLink, hiddenOf, tellFailure } from "./next-link";
import { MAX_KEPT_BYTES, bytesOf } from "./history";
import type { RingNeighbour } from "./neighbour";
import { SequenceLog } from "./sequences";

/** Number of steps whose place is known; a consumer has far fewer open at once. */
const MAX_PLACES = 16_384;

/** The layers that a consumer asks this node to hold. */
export type StageRequest = ReceivedStageBody<"stage.open">;

/** A stage that is loaded. */
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

/** A stage, from the request to open it until it is closed. */
export class HostedStage {
  readonly consumer: Did;
  readonly request: StageRequest;
  readonly stop = new AbortController();
  readonly #traffic: StageLanes;
  readonly #nextLink: NextLink;
  /** Steps that came before the stage was loaded, or before the consumer had named their sender. */
  readonly #early = new EarlySteps();
  /** Where the consumer's open steps are, oldest first. */
  readonly #places = new Map<number, "computing" | "passed">();
  /** The sequences that the model is computing. */
  readonly #underWay = new Set<{ readonly sequence: string; readonly stop: AbortController }>();
  /** Limits how many failures the consumer is told of, so that invalid input cannot make this node flood it. */
  readonly #failures = stepPace();
  readonly #sequences = new SequenceLog();
  /** Memory of the steps that the model is computing, in bytes. */
  #heldBytes = 0;
  /** Cancels the dialling of the next neighbour when another one is named. */
  #dial = new AbortController();
  /** Releases the link to the next neighbour. */
  #release: () => void = () => undefined;
  #stage: OpenStage | undefined;
  #previous: RingNeighbour;
  /** The latest attempt for which a next neighbour was named. */
  #nextAttempt: number;
  #computed = 0;

  constructor(traffic: StageLanes, consumer: Did, request: StageRequest) {
    this.#traffic = traffic;
    this.consumer = consumer;
    this.request = request;
    this.#previous = { did: request.previous, attempt: request.attempt };
    this.#nextAttempt = request.attempt;
    this.#nextLink = new NextLink(traffic, request.pipeline, { did: request.next, attempt: request.attempt }, (lost) =>
      this.#lose(lost),
    );
  }

  /** Whether the stage is loaded. */
  get ready(): boolean {
    return this.#stage !== undefined;
  }

  /** Whether a node is the one from which the stage takes steps now. */
  follows(did: Did): boolean {
    return this.#previous.did === did;
  }

  /** Called when the stage is loaded; computes the steps that came too early. */
  begin(stage: OpenStage): void {
    this.#stage = stage;
    this.#retry();
  }

  forward(from: Did, body: ReceivedStageBody<"stage.forward">): void {
    const { did, attempt } = this.#previous;
    if (!this.#stage || body.attempt > attempt) this.#early.add(from, body);
    else if (from === did && body.attempt === attempt) this.#take(body);
  }

  /** The neighbour with the later attempt counts. */
  previous({ did, attempt }: ReceivedStageBody<"stage.previous">): void {
    if (attempt <= this.#previous.attempt) return;
    this.#previous = { did, attempt };
    this.#sequences.renew();
    this.#retry();
  }

  /** Holds a link to the consumer while the stage exists, to notice when the consumer is lost. */
  async holdConsumer(): Promise<void> {
    const { signal } = this.stop;
    onAbort(signal, await this.#traffic.hold(this.consumer, { signal }));
  }

  /**
   * Holds a link to the next neighbour, in place of the previous one, until another is named. Throws `peer-lost` if
   * there is no way to reach it.
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

  /**
   * Switches to another next neighbour as soon as there is a link to it, unless a later one is named in the meantime.
   */
  async next({ did, attempt, ...again }: ReceivedStageBody<"stage.next">): Promise<void> {
    if (attempt <= this.#nextAttempt) return;
    this.#nextAttempt = attempt;
    // If there is no way to reach the new stage, the consumer has lost it too, or it will not answer.
    await this.holdNext(did).catch(() => undefined);
    if (attempt < this.#nextAttempt || this.stop.signal.aborted) return;
    for (const sequence of this.#nextLink.reroute({ did, attempt }, again)) this.#lose(sequence);
  }

  /**
   * Ends a sequence and cancels its running steps; passed on, they would start the sequence again behind its end. The
   * end of an unknown sequence is not passed on, so that it cannot circulate if a consumer has made a loop of stages.
   */
  end(from: Did, sequence: string): void {
    if (from !== this.#previous.did || !this.#sequences.end(sequence)) return;
    for (const one of this.#underWay) if (one.sequence === sequence) one.stop.abort();
    this.#stage?.service.end(sequence);
    this.#nextLink.end(sequence);
  }

  /**
   * Reports where a step is that has not come back to the consumer. Early steps count only if they come from the
   * neighbour that the consumer names: others may send anything, and this stage must not seem to hold it back.
   */
  where({ step, previous, attempt }: ReceivedStageBody<"stage.where">): Seen {
    const waits = this.#nextLink.waits(step) || this.#early.has(step, { did: previous, attempt });
    const state = waits ? "waiting" : (this.#places.get(step) ?? "unknown");
    return { pipeline: this.request.pipeline, step, state, worked: this.#computed + this.#nextLink.sent };
  }

  close(): void {
    this.stop.abort(new MicrogridError("closed", "The pipeline was closed."));
    this.#release();
    this.#nextLink.close();
    this.#stage?.close();
  }

  /** Computes a step if it keeps to the terms, is new, and fits in memory. */
  #take(body: ReceivedStageBody<"stage.forward">): void {
    const { step, sequence, keep, count } = body;
    const { context, stepTokens } = this.request;
    const last = this.#sequences.last(sequence);
    if (step <= last) return;
    const hidden = hiddenOf(body);
    const bytes = bytesOf([{ hidden }]);
    if (count > stepTokens || keep + count > context) {
      this.#fail(body, "stage-refused", "A device of the pipeline was given more tokens than agreed.");
    } else if (this.#heldBytes + bytes > MAX_KEPT_BYTES) {
      this.#fail(body, "stage-lost", "A device of the pipeline was given more than it can keep.");
    } else {
      this.#heldBytes += bytes;
      this.#sequences.note(sequence, step);
      void this.#compute(body, hidden, last).finally(() => (this.#heldBytes -= bytes));
    }
  }

  async #compute(body: ReceivedStageBody<"stage.forward">, hidden: HiddenState, last: number): Promise<void> {
    const { step, sequence, keep, count, upTo } = body;
    const { to } = this.request;
    // Steps that do not go all the way around have already come back to the consumer.
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
      this.#nextLink.give({ step, sequence, keep, count, hidden: given, ...further }, { known });
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

  /** Reports that a sequence has to be read again. */
  #lose(sequence: string): void {
    this.#fail({ sequence }, "stage-lost", "A device of the pipeline no longer has the steps that it passed on.");
  }

  #fail({ sequence, step }: FailurePlace, code: ErrorCode, message: string): void {
    this.#tell({ sequence, ...(step !== undefined && { step }) }, new MicrogridError(code, message));
  }

  #tell(place: FailurePlace, error: unknown): void {
    if (!this.#failures.take(performance.now())) return;
    tellFailure(this.#traffic, this.consumer, { pipeline: this.request.pipeline, ...place }, error);
  }

  #place(step: number, place: "computing" | "passed"): void {
    putNewest(this.#places, step, place, MAX_PLACES);
  }

  #retry(): void {
    for (const { from, step } of this.#early.take()) this.forward(from, step);
  }
}
