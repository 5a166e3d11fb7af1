/** Serves stages to other members: opens them if this node agrees, and hands them over before it leaves. */
import { type Deferred, type Did, deferred, errorToData, sleep, unlessAborted } from "../../core";
import type { ReceivedStageBody, StageHandlers, StageLanes } from "../../room";
import { HostedStage, type OpenStage, type StageRequest } from "./hosted-stage";

/** Number of pipelines of one consumer that may have a stage here. */
const MAX_PER_CONSUMER = 2;
/** Time in which a consumer notices the loss of a node that this node cannot reach, in ms: twice the usual time. */
const NOTICE_MS = 10_000;
/** How often the consumer is told the loading progress, in ms. */
const PROGRESS_INTERVAL_MS = 1_000;

interface StageServerOptions {
  readonly traffic: StageLanes;
  /**
   * Loads the requested layers. Throws with a reason for people if this node refuses or fails. The first progress
   * report means that it has agreed, and starts the dialling of the next neighbour.
   */
  open(
    request: StageRequest,
    options: {
      readonly consumer: Did;
      readonly signal: AbortSignal;
      /** Call this while the stage loads: a consumer waits only as long as there is progress. */
      onProgress(loadedBytes: number, totalBytes: number): void;
    },
  ): Promise<OpenStage>;
  onChange(): void;
}

/** All stages that run here for others. */
export class StageServer {
  readonly #options: StageServerOptions;
  /** Consumers choose the ids of pipelines, so two may be equal. */
  readonly #stages = new Set<HostedStage>();
  readonly #stop: (() => void)[];
  /** The stages that no other node can take over. */
  readonly #staying = new WeakSet<HostedStage>();
  /** Set while this node leaves. It resolves when no stage is left here that another node might take over. */
  #leaving: Deferred<undefined> | undefined;

  constructor(options: StageServerOptions) {
    this.#options = options;
    const { traffic } = options;
    this.#stop = [
      traffic.handle(this.#handlers()),
      traffic.handle(this.#steps(), { pipeline: (id, from) => this.#interestIn(id, from) }),
      traffic.on("gone", ({ did }) => this.#lost(did)),
    ];
  }

  /** The stages that run here, with their consumers. */
  get stages(): readonly { readonly consumer: Did; readonly request: StageRequest }[] {
    return [...this.#stages];
  }

  /**
   * Asks all consumers to move their layers to other nodes, serves them until they do, and accepts no new stages.
   * Resolves when each stage is gone or its consumer has said that no node can take it; rejects with the signal's
   * reason. The remaining stages run on until `close`.
   */
  async handOver({ signal }: { signal: AbortSignal }): Promise<void> {
    signal.throwIfAborted();
    this.#leaving ??= deferred<undefined>();
    for (const stage of [...this.#stages]) {
      const { pipeline } = stage.request;
      if (stage.ready) this.#options.traffic.post(stage.consumer, "stage.leaving", { pipeline });
      else this.#giveUp(stage, LEAVING);
    }
    this.#settle();
    await unlessAborted(this.#leaving.promise, signal);
  }

  /** Ends all stages and tells their consumers. */
  close(reason: string): void {
    for (const stop of this.#stop) stop();
    for (const stage of [...this.#stages]) this.#giveUp(stage, reason);
  }

  /** Steps of other nodes than the neighbour may count as well: those of the next one can come before the consumer has named it. */
  #interestIn(pipeline: unknown, from: Did): boolean | "asked" {
    const here = this.#stagesOf(pipeline);
    return here.some((stage) => stage.follows(from)) ? "asked" : here.length > 0;
  }

  /** Handlers for the steps that neighbours pass to the stages here. */
  #steps(): StageHandlers {
    return {
      "stage.forward": (body, from) => {
        for (const stage of this.#stagesOf(body.pipeline)) stage.forward(from, body);
      },
      "stage.end": ({ pipeline, sequence }, from) => {
        for (const stage of this.#stagesOf(pipeline)) stage.end(from, sequence);
      },
    };
  }

  /** Handlers for the frames that consumers send. */
  #handlers(): StageHandlers {
    return {
      "stage.open": (body, from) => void this.#open(from, body),
      // Only the consumer of a stage may do the following.
      "stage.where": (body, from) => this.#tellWhere(from, body),
      "stage.previous": (body, from) => this.#stageOf(from, body)?.previous(body),
      "stage.next": (body, from) => void this.#stageOf(from, body)?.next(body),
      "stage.stay": (body, from) => {
        const stage = this.#stageOf(from, body);
        if (!stage) return;
        this.#staying.add(stage);
        this.#settle();
      },
      "stage.close": (body, from) => {
        const stage = this.#stageOf(from, body);
        if (stage) this.#close(stage);
      },
    };
  }

  #stagesOf(pipeline: unknown): HostedStage[] {
    return [...this.#stages].filter(({ request }) => request.pipeline === pipeline);
  }

  /** The stage that this node holds for a consumer in one of its pipelines. */
  #stageOf(from: Did, { pipeline }: { readonly pipeline: string }): HostedStage | undefined {
    return this.#stagesOf(pipeline).find(({ consumer }) => consumer === from);
  }

  #tellWhere(consumer: Did, body: ReceivedStageBody<"stage.where">): void {
    const { traffic } = this.#options;
    const { pipeline } = body;
    const stage = this.#stageOf(consumer, body);
    if (stage) traffic.post(consumer, "stage.seen", stage.where(body));
    // The link was lost here, and not there.
    else traffic.post(consumer, "stage.refused", { pipeline, reason: "It holds none of its stages any more." });
  }

  async #open(consumer: Did, request: StageRequest): Promise<void> {
    const { traffic, open, onChange } = this.#options;
    const { pipeline, attempt } = request;
    const why = this.#objection(consumer, request);
    if (why !== undefined) {
      traffic.post(consumer, "stage.refused", { pipeline, attempt, reason: why });
      return;
    }
    const hosted = new HostedStage(traffic, consumer, request);
    const { signal } = hosted.stop;
    this.#stages.add(hosted);
    const refuse = (error: unknown): void => {
      if (!signal.aborted) this.#giveUp(hosted, errorToData(error).message);
    };
    const tell = this.#teller(hosted);
    let linking: Promise<void> | undefined;
    const link = (): Promise<void> => (linking ??= this.#linkOn(hosted));
    const onProgress = (loadedBytes: number, totalBytes: number): void => {
      link().catch(refuse);
      tell(loadedBytes, totalBytes);
    };
    try {
      await hosted.holdConsumer();
      const stage = await open(request, { consumer, signal, onProgress });
      await link().catch((error: unknown) => {
        stage.close();
        throw error;
      });
      if (signal.aborted) {
        stage.close();
        return;
      }
      hosted.begin(stage);
      traffic.post(consumer, "stage.ready", { pipeline, attempt, decodeMs: stage.info.decodeMs });
      onChange();
    } catch (error) {
      refuse(error);
    }
  }

  /**
   * Links to the next stage, since in a large room not all members are linked. Throws `peer-lost` if it cannot be
   * reached.
   */
  async #linkOn(hosted: HostedStage): Promise<void> {
    const { next } = hosted.request;
    if (next === hosted.consumer) return;
    try {
      await hosted.holdNext(next);
    } catch (error) {
      // If the next node is gone, the consumer will notice too and ask for other layers, so this node is not at fault.
      await sleep(NOTICE_MS, hosted.stop.signal);
      throw error;
    }
  }

  /** The reason to refuse a request at once. */
  #objection(consumer: Did, { pipeline, from, to }: StageRequest): string | undefined {
    if (this.#leaving) return LEAVING;
    if (from >= to) return `There are no layers from ${from} to ${to}.`;
    const running = [...this.#stages].filter((stage) => stage.consumer === consumer);
    if (running.some(({ request }) => request.pipeline === pipeline)) return "It holds one of its stages already.";
    return running.length < MAX_PER_CONSUMER ? undefined : `It holds ${running.length} stages for you already.`;
  }

  /** Reports the loading progress to a consumer at intervals, and at the end. */
  #teller({ consumer, request, stop }: HostedStage): (loadedBytes: number, totalBytes: number) => void {
    let toldMs = -Infinity;
    let told = 0;
    return (loadedBytes, totalBytes) => {
      const due = performance.now() - toldMs >= PROGRESS_INTERVAL_MS || loadedBytes >= totalBytes;
      if (stop.signal.aborted || !due || loadedBytes <= told) return;
      toldMs = performance.now();
      told = loadedBytes;
      const { pipeline, attempt } = request;
      this.#options.traffic.post(consumer, "stage.progress", { pipeline, attempt, loadedBytes, totalBytes });
    };
  }

  /** A stage without its consumer is useless; without a neighbour it waits until the consumer names another. */
  #lost(did: Did): void {
    for (const stage of [...this.#stages]) if (stage.consumer === did) this.#close(stage);
  }

  /** Frees a stage and tells its consumer the reason. */
  #giveUp(stage: HostedStage, reason: string): void {
    const { pipeline, attempt } = stage.request;
    this.#options.traffic.post(stage.consumer, "stage.refused", { pipeline, attempt, reason: reason.slice(0, 500) });
    this.#close(stage);
  }

  #close(stage: HostedStage): void {
    if (!this.#stages.delete(stage)) return;
    stage.close();
    this.#settle();
    this.#options.onChange();
  }

  /** Ends the wait in `handOver` if no stage is left to wait for. */
  #settle(): void {
    if ([...this.#stages].every((stage) => this.#staying.has(stage))) this.#leaving?.resolve(undefined);
  }
}

/** The reason for refusing layers while this node leaves. */
const LEAVING = "It is about to leave.";
