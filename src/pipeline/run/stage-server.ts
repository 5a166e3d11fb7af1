/** Holds stages for others: opens them where this node agrees, and hands them over before it leaves. */
import { type Deferred, type Did, deferred, errorToData, sleep, unlessAborted } from "../../core";
import type { ReceivedStageBody, StageHandlers, StageLanes } from "../../room";
import { HostedStage, type OpenStage, type StageRequest } from "./hosted-stage";

/** Pipelines that one consumer may have here at once. */
const MAX_PER_CONSUMER = 2;
/** Time in which a consumer notices that a node is gone which cannot be linked to from here, ms: twice what it takes. */
const NOTICE_MS = 10_000;
/** How often a consumer hears what is loaded, ms. */
const PROGRESS_INTERVAL_MS = 1_000;

interface StageHostOptions {
  readonly traffic: StageLanes;
  /**
   * Loads what is asked for. Throws with a reason for people where this node does not want to, or cannot; it is agreed when
   * the first progress is told, and the neighbour behind is dialled then.
   */
  open(
    request: StageRequest,
    options: {
      readonly consumer: Did;
      readonly signal: AbortSignal;
      /** To be called as the stage loads: a consumer waits only as long as it gets on. */
      onProgress(loadedBytes: number, totalBytes: number): void;
    },
  ): Promise<OpenStage>;
  onChange(): void;
}

/** All stages that run here for others. */
export class StageServer {
  readonly #options: StageHostOptions;
  /** Ids of pipelines are chosen by consumers: two may choose the same. */
  readonly #stages = new Set<HostedStage>();
  readonly #stop: (() => void)[];
  /** Those of them whose layers nobody can take. */
  readonly #staying = new WeakSet<HostedStage>();
  /** This node leaves; resolves when no stage is here whose layers somebody may still take. */
  #leaving: Deferred<undefined> | undefined;

  constructor(options: StageHostOptions) {
    this.#options = options;
    this.#stop = [options.traffic.handle(this.#handlers()), options.traffic.on("gone", ({ did }) => this.#lost(did))];
  }

  /** What runs here, and for whom. */
  get stages(): readonly { readonly consumer: Did; readonly request: StageRequest }[] {
    return [...this.#stages];
  }

  /**
   * Asks all consumers to have their layers elsewhere, serves them until they do, and takes no new ones. Resolves when each
   * stage is gone, or its consumer has said that nobody can take it; rejects with the signal's reason. What is left then goes
   * on until `close`.
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

  /** Ends all stages and tells who uses them. */
  close(reason: string): void {
    for (const stop of this.#stop) stop();
    for (const stage of [...this.#stages]) this.#giveUp(stage, reason);
  }

  /** What consumers and neighbours in a ring send to the stages here. */
  #handlers(): StageHandlers {
    return {
      "stage.open": (body, from) => void this.#open(from, body),
      "stage.forward": (body, from) => {
        for (const stage of this.#stagesOf(body.pipeline)) stage.forward(from, body);
      },
      "stage.end": ({ pipeline, sequence }, from) => {
        for (const stage of this.#stagesOf(pipeline)) stage.end(from, sequence);
      },
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

  #stagesOf(pipeline: string): HostedStage[] {
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

  /** Links to the next stage: in a large room not everybody is linked. Throws `peer-lost` where it is not to be reached. */
  async #linkOn(hosted: HostedStage): Promise<void> {
    const { next } = hosted.request;
    if (next === hosted.consumer) return;
    try {
      await hosted.holdNext(next);
    } catch (error) {
      // Where it is gone, the consumer learns that too, and asks for other layers: then this node is not at fault.
      await sleep(NOTICE_MS, hosted.stop.signal);
      throw error;
    }
  }

  /** Why this node does not even try. */
  #objection(consumer: Did, { pipeline, from, to }: StageRequest): string | undefined {
    if (this.#leaving) return LEAVING;
    if (from >= to) return `There are no layers from ${from} to ${to}.`;
    const running = [...this.#stages].filter((stage) => stage.consumer === consumer);
    if (running.some(({ request }) => request.pipeline === pipeline)) return "It holds one of its stages already.";
    return running.length < MAX_PER_CONSUMER ? undefined : `It holds ${running.length} stages for you already.`;
  }

  /** Tells a consumer what is loaded: now and then, and the end. */
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

  /** Without its consumer a stage is of no use; without a neighbour it waits for the consumer to name another. */
  #lost(did: Did): void {
    for (const stage of [...this.#stages]) if (stage.consumer === did) this.#close(stage);
  }

  /** Frees a stage, and tells its consumer. */
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

  /** There may be nobody left to wait for. */
  #settle(): void {
    if ([...this.#stages].every((stage) => this.#staying.has(stage))) this.#leaving?.resolve(undefined);
  }
}

/** What a node says that is asked for layers while it goes. */
const LEAVING = "It is about to leave.";
