/** Holds stages for others: opens them where this node agrees, computes what comes, and passes it on. */
import { type Did, MicrogridError, errorToData } from "../../core";
import type { StageInfo, StageService } from "../../inference";
import type { ReceivedStageBody, StageFrame, StageTraffic } from "../../room";
import { Edge, type Neighbour, hiddenOf, tellFailure } from "./edge";

/** Pipelines that one consumer may have here at once. */
const MAX_PER_CONSUMER = 2;
/** Steps of a new neighbour that wait until the consumer has named it: so many, and of so many bytes in all. */
const MAX_EARLY_STEPS = 64;
const MAX_EARLY_BYTES = 16 * 2 ** 20;

/** What a node is asked to hold. */
export type StageRequest = ReceivedStageBody<"stage.open">;

/** A stage in memory. */
export interface OpenStage {
  readonly info: StageInfo;
  readonly service: StageService;
  close(): void;
}

interface StageHostOptions {
  readonly traffic: StageTraffic;
  /** Loads what is asked for. Throws with a reason for people where this node does not want to, or cannot. */
  open(request: StageRequest, options: { consumer: Did; signal: AbortSignal }): Promise<OpenStage>;
  onChange(): void;
}

/** One stage that runs here for somebody. */
class HostedStage {
  readonly consumer: Did;
  readonly request: StageRequest;
  readonly stop = new AbortController();
  readonly #traffic: StageTraffic;
  readonly #edge: Edge;
  #stage: OpenStage | undefined;
  #previous: Neighbour;
  #early: { readonly from: Did; readonly body: ReceivedStageBody<"stage.forward"> }[] = [];

  constructor(traffic: StageTraffic, consumer: Did, request: StageRequest) {
    this.#traffic = traffic;
    this.consumer = consumer;
    this.request = request;
    this.#previous = { did: request.previous, attempt: request.attempt };
    this.#edge = new Edge(traffic, request.pipeline, { did: request.next, attempt: request.attempt });
  }

  /** The stage is in memory: what came too early is computed. */
  begin(stage: OpenStage): void {
    this.#stage = stage;
    this.#retry();
  }

  forward(from: Did, body: ReceivedStageBody<"stage.forward">): void {
    const { did, attempt } = this.#previous;
    if (!this.#stage || body.attempt > attempt) this.#keepForLater(from, body);
    else if (from === did && body.attempt === attempt) void this.#compute(body);
  }

  previous({ did, attempt }: ReceivedStageBody<"stage.previous">): void {
    this.#previous = { did, attempt };
    this.#retry();
  }

  /** Keeps a link to a node as long as the stage is here. Throws `peer-lost` where there is none to be had. */
  async hold(did: Did): Promise<void> {
    const { signal } = this.stop;
    const release = await this.#traffic.hold(did, { signal });
    if (signal.aborted) release();
    else signal.addEventListener("abort", release);
  }

  async next({ did, attempt, ...again }: ReceivedStageBody<"stage.next">): Promise<void> {
    // Where no link can be had, the new stage is lost to the consumer too, or will answer nothing.
    await this.hold(did).catch(() => undefined);
    const forgotten = this.#edge.reroute({ did, attempt }, again);
    for (const sequence of forgotten) {
      const error = new MicrogridError("stage-lost", "A device of the pipeline no longer has what it gave on.");
      tellFailure(this.#traffic, this.consumer, { pipeline: this.request.pipeline, sequence }, error);
    }
  }

  end(from: Did, sequence: string): void {
    if (from !== this.#previous.did) return;
    this.#stage?.service.end(sequence);
    this.#edge.end(sequence);
  }

  close(): void {
    this.stop.abort(new MicrogridError("closed", "The pipeline was closed."));
    this.#stage?.close();
  }

  async #compute(body: ReceivedStageBody<"stage.forward">): Promise<void> {
    const { step, sequence, keep, count, upTo } = body;
    const hidden = hiddenOf(body);
    const { pipeline, to } = this.request;
    try {
      const given = await this.#stage!.service.forward({ sequence, keep, count, hidden }, { signal: this.stop.signal });
      if (this.stop.signal.aborted) return;
      const known = upTo !== undefined && to >= upTo;
      const further = upTo !== undefined && !known ? { upTo } : {};
      this.#edge.give({ step, sequence, keep, count, hidden: given, ...further }, { known });
    } catch (error) {
      if (!this.stop.signal.aborted) tellFailure(this.#traffic, this.consumer, { pipeline, sequence, step }, error);
    }
  }

  /** Anybody may send such steps, so there is a bound; what is dropped shows as a gap, and is read again. */
  #keepForLater(from: Did, body: ReceivedStageBody<"stage.forward">): void {
    const bytes = [...this.#early.map((early) => early.body), body]
      .flatMap(({ tensors }) => tensors)
      .reduce((sum, tensor) => sum + tensor.bytes.length, 0);
    if (this.#early.length < MAX_EARLY_STEPS && bytes <= MAX_EARLY_BYTES) this.#early.push({ from, body });
  }

  #retry(): void {
    for (const { from, body } of this.#early.splice(0)) this.forward(from, body);
  }
}

/** All stages that run here for others. */
export class StageHost {
  readonly #options: StageHostOptions;
  /** By the id of their pipeline. */
  readonly #stages = new Map<string, HostedStage>();
  readonly #stop: (() => void)[];

  constructor(options: StageHostOptions) {
    this.#options = options;
    this.#stop = [
      options.traffic.on("frame", ({ from, frame }) => this.#receive(from, frame)),
      options.traffic.on("gone", ({ did }) => this.#lost(did)),
    ];
  }

  /** What runs here, and for whom. */
  get stages(): readonly { readonly consumer: Did; readonly request: StageRequest }[] {
    return [...this.#stages.values()];
  }

  /** Ends all stages and tells who uses them. */
  close(reason: string): void {
    for (const stop of this.#stop) stop();
    for (const { consumer, request } of this.#stages.values()) {
      this.#options.traffic.post(consumer, "stage.refused", { pipeline: request.pipeline, reason });
    }
    for (const pipeline of [...this.#stages.keys()]) this.#close(pipeline);
  }

  #receive(from: Did, frame: StageFrame): void {
    if (!("pipeline" in frame.body)) return; // It is about planning.
    const { pipeline } = frame.body;
    if (frame.kind === "stage.open") {
      void this.#open(from, frame.body);
      return;
    }
    const stage = this.#stages.get(pipeline);
    if (!stage) return;
    const isConsumer = from === stage.consumer;
    if (frame.kind === "stage.forward") stage.forward(from, frame.body);
    else if (frame.kind === "stage.end") stage.end(from, frame.body.sequence);
    else if (frame.kind === "stage.previous" && isConsumer) stage.previous(frame.body);
    else if (frame.kind === "stage.next" && isConsumer) void stage.next(frame.body);
    else if (frame.kind === "stage.close" && isConsumer) this.#close(pipeline);
  }

  async #open(consumer: Did, request: StageRequest): Promise<void> {
    const { traffic, open, onChange } = this.#options;
    const { pipeline } = request;
    const refuse = (reason: string): void => {
      traffic.post(consumer, "stage.refused", { pipeline, reason });
    };
    const running = [...this.#stages.values()].filter((stage) => stage.consumer === consumer).length;
    const holds = this.#stages.has(pipeline);
    if (holds || running >= MAX_PER_CONSUMER) {
      refuse(holds ? "It holds one of its stages already." : `It holds ${running} stages for you already.`);
      return;
    }
    const hosted = new HostedStage(traffic, consumer, request);
    this.#stages.set(pipeline, hosted);
    try {
      // The consumer, to notice its loss; the next stage, since in a large room not everybody is linked.
      for (const did of new Set([consumer, request.next])) await hosted.hold(did);
      const stage = await open(request, { consumer, signal: hosted.stop.signal });
      if (hosted.stop.signal.aborted) {
        stage.close();
        return;
      }
      hosted.begin(stage);
      traffic.post(consumer, "stage.ready", { pipeline, decodeMs: stage.info.decodeMs });
      onChange();
    } catch (error) {
      if (hosted.stop.signal.aborted) return;
      this.#close(pipeline);
      refuse(errorToData(error).message);
    }
  }

  /** Without its consumer a stage is of no use; without a neighbour it waits for the consumer to name another. */
  #lost(did: Did): void {
    for (const [pipeline, { consumer }] of this.#stages) if (consumer === did) this.#close(pipeline);
  }

  #close(pipeline: string): void {
    this.#stages.get(pipeline)?.close();
    if (this.#stages.delete(pipeline)) this.#options.onChange();
  }
}
