/** The provider's side of jobs: runs what peers ask for, within the limits of sharing. */
import * as v from "valibot";
import { type Did, MicrogridError, cborField, errorToData, isAbort, onAbort } from "../../core";
import {
  type EmbeddingRequest,
  type GenerationRequest,
  type Provider,
  type WorkRequest,
  wantsVectors,
} from "../../inference";
import type { RawFrame } from "../../wire";
import type { CharterRule } from "../membership";
import { COALESCE_MS, JOB_SIGN_MS, MAX_FIELD_CHARS, MAX_JOBS_PER_PEER, MAX_QUEUED_JOBS } from "../constants";
import { JobIdSchema, type ReceivedBody, type RefusalReason, type RoomFrameBody, type RoomLink } from "../protocol";
import { jobToGiveBack, nextJob, placeFor } from "./fair-turns";
import type { PeerLoad } from "./refused";
import { TokenBatch } from "./token-batch";

/** The models and limits that a node shares. Read again for each job. */
export interface SharedModels {
  readonly maxJobs: number;
  /** Models that are offered; others are refused as unknown. */
  readonly models: ReadonlySet<string>;
  /** Memory that is given to layers of models that others run; absent: none. */
  readonly layersBytes?: number;
}

interface JobServerOptions {
  /** This device. */
  readonly provider: Provider;
  /** Undefined while nothing is shared. */
  sharing(): SharedModels | undefined;
  load(): PeerLoad;
  /** The branch of admissions with which a peer shares this device (`Standing.branch`). */
  branchOf(link: RoomLink): Did;
  /** The rule of the charter that a request would break, given the number of jobs that its peer has here. */
  forbids(link: RoomLink, request: WorkRequest, jobsOfPeer: number): CharterRule | undefined;
  /** Called when a job starts, ends or waits. */
  onChange(): void;
  /** Called when a job was refused: the consumer's picture of this node was wrong. */
  onRefused(): void;
}

/** Why a job is not taken. */
interface Refusal {
  readonly reason: RefusalReason;
  readonly rule?: CharterRule;
}

interface Job {
  readonly id: string;
  readonly did: Did;
  readonly branch: Did;
  readonly request: WorkRequest;
  readonly link: RoomLink;
  readonly abort: AbortController;
  /** Ends the job when nobody wants the answer any more. */
  readonly deadline: ReturnType<typeof setTimeout>;
  /** To be called when it has ended: as long as it is here, its link is in use. */
  free(): void;
}

/**
 * All jobs of all peers on this device: some run, some wait. Branches of the room, and the peers of each, take turns
 * (`fair-turns.ts`): jobs that fill the device or its queue give way when somebody else comes.
 */
export class JobServer {
  readonly #options: JobServerOptions;
  readonly #running = new Set<Job>();
  readonly #waiting: Job[] = [];

  constructor(options: JobServerOptions) {
    this.#options = options;
  }

  get running(): number {
    return this.#running.size;
  }

  get queued(): number {
    return this.#waiting.length;
  }

  /**
   * Whether the body of a frame is worth decoding: a request is judged by its id and its model, and one that cannot be taken is
   * refused here. A body that has neither is left to its schema.
   */
  screen(link: RoomLink, { kind, body }: RawFrame): boolean {
    if (kind !== "job.request" && kind !== "job.embed") return true;
    const sharing = this.#options.sharing();
    const model = sharing ? cborField(body, ["request", "model"]) : undefined;
    const reason = this.#unable(link, model);
    const id = reason && cborField(body, ["id"]);
    if (!reason || !v.is(JobIdSchema, id)) return true;
    this.#refuse(link, id, { reason });
    return false;
  }

  /** Whether there is a job of this id over this link. */
  has(link: RoomLink, id: unknown): boolean {
    return typeof id === "string" && this.#find(link, id) !== undefined;
  }

  /** Runs a job for a peer, queues it, or refuses it. */
  request(link: RoomLink, { id, request, deadlineMs }: ReceivedBody<"job.request" | "job.embed">): void {
    if (this.#find(link, id)) return link.accuse(`job ${id} was sent twice`);
    const refusal = this.#refusal(link, request);
    if (refusal) return this.#refuse(link, id, refusal);
    const branch = this.#options.branchOf(link);
    if (this.#isFull) this.#giveBack(placeFor(this.#waiting, branch)!);
    const deadline = setTimeout(() => this.#end(job, "timeout", "It took too long."), deadlineMs);
    const { did } = link;
    const job: Job = { id, did, branch, request, link, abort: new AbortController(), deadline, free: link.markBusy() };
    onAbort(job.abort.signal, () => this.#drop(job));
    this.#waiting.push(job);
    this.#startNext();
    if (this.#waiting.includes(job)) this.#sign(job);
  }

  /** Stops a job whose consumer does not want the rest. */
  cancel(link: RoomLink, { id }: ReceivedBody<"job.cancel">): void {
    this.#find(link, id)?.abort.abort();
  }

  /** Ends all jobs, because sharing ends; their consumers go on elsewhere. */
  stop(code: "left" | "paused", reason: string): void {
    for (const job of [...this.#running, ...this.#waiting]) this.#end(job, code, reason);
  }

  /** Call when sharing has changed: waiting jobs begin, or move to other devices if nothing is shared any more. */
  sharingChanged(): void {
    if (this.#options.sharing()) this.#startNext();
    else for (const job of [...this.#waiting]) this.#end(job, "paused", "It has paused sharing its device.");
  }

  /** A consumer is gone, and with it all that it wanted. */
  lost(link: RoomLink): void {
    for (const job of [...this.#running, ...this.#waiting]) if (job.link === link) job.abort.abort();
  }

  /** Ends a job that has not ended yet, and says why. */
  #end(job: Job, code: string, message: string): void {
    if (job.abort.signal.aborted) return;
    job.link.post("job.failed", { id: job.id, code, message });
    job.abort.abort();
  }

  #refuse(link: RoomLink, id: string, refusal: Refusal): void {
    link.post("job.refused", { id, ...refusal, load: this.#options.load() });
    this.#options.onRefused();
  }

  #refusal(link: RoomLink, request: WorkRequest): Refusal | undefined {
    const reason = this.#unable(link, request.model);
    if (reason) return { reason };
    if (wantsVectors(request) && !this.#options.provider.embed) return { reason: "unknown-model" };
    // Last, since it counts the request as taken.
    const rule = this.#options.forbids(link, request, this.#ofPeer(link));
    return rule && { reason: "charter", rule };
  }

  /** The reason why no request of this peer for this model is taken now. An unreadable model is not judged. */
  #unable(link: RoomLink, model: unknown): RefusalReason | undefined {
    const sharing = this.#options.sharing();
    if (!sharing) return "policy";
    if (typeof model === "string" && !sharing.models.has(model)) return "unknown-model";
    const noPlace = this.#isFull && !placeFor(this.#waiting, this.#options.branchOf(link));
    return noPlace || this.#ofPeer(link) >= MAX_JOBS_PER_PEER ? "busy" : undefined;
  }

  get #isFull(): boolean {
    return this.#waiting.length >= MAX_QUEUED_JOBS;
  }

  #ofPeer({ did }: RoomLink): number {
    return [...this.#running, ...this.#waiting].filter((job) => job.did === did).length;
  }

  #startNext(): void {
    const slots = this.#options.sharing()?.maxJobs ?? 0;
    while (this.#running.size < slots) {
      const job = nextJob(this.#waiting, [...this.#running]);
      if (!job) break;
      this.#waiting.splice(this.#waiting.indexOf(job), 1);
      this.#running.add(job);
      void this.#run(job);
    }
    this.#makeRoom();
    this.#options.onChange();
  }

  /** Ends a job where others have more than their share; it goes on elsewhere, or waits. */
  #makeRoom(): void {
    const running = [...this.#running];
    // One that was told already is on its way out.
    if (running.some(({ abort }) => abort.signal.aborted)) return;
    const greedy = jobToGiveBack(this.#waiting, running);
    if (greedy) this.#giveBack(greedy);
  }

  #giveBack({ id, link, abort }: Job): void {
    link.post("job.refused", { id, reason: "busy", load: this.#options.load() });
    abort.abort();
  }

  #drop(job: Job): void {
    const at = this.#waiting.indexOf(job);
    if (at < 0) return;
    clearTimeout(job.deadline);
    job.free();
    this.#waiting.splice(at, 1);
    this.#options.onChange();
  }

  async #run(job: Job): Promise<void> {
    const { link, id, request } = job;
    const signal = job.abort.signal;
    const signs = setInterval(() => this.#sign(job), JOB_SIGN_MS);
    try {
      this.#sign(job);
      if (wantsVectors(request)) await link.send("job.vectors", await this.#vectors(job, request));
      else await link.send("job.done", await this.#stream(job, request, () => clearInterval(signs)));
    } catch (error) {
      // A cancelled job ends in silence, and a lost link has nobody to tell.
      if (!signal.aborted && !isAbort(error) && link.open) {
        const { code, message, field = "" } = errorToData(error);
        const about = field !== "" && field.length <= MAX_FIELD_CHARS && { field };
        link.post("job.failed", { id, code, message: message.slice(0, 500), ...about });
      }
    } finally {
      clearInterval(signs);
      clearTimeout(job.deadline);
      job.free();
      this.#running.delete(job);
      this.#startNext();
    }
  }

  async #vectors({ id, abort }: Job, request: EmbeddingRequest): Promise<RoomFrameBody<"job.vectors">> {
    const { dimensions, vectors, promptTokens } = await this.#options.provider.embed!(request, abort);
    const { buffer, byteOffset, byteLength } = vectors;
    return { id, dimensions, vectors: new Uint8Array(buffer, byteOffset, byteLength), promptTokens };
  }

  /** Sends the tokens; those that come within one frame of a screen travel together. */
  async #stream(job: Job, request: GenerationRequest, onFirstToken: () => void): Promise<RoomFrameBody<"job.done">> {
    const { id, link, branch } = job;
    const signal = job.abort.signal;
    const asker = `${branch} ${link.did}`;
    const batch = new TokenBatch();
    let seq = 0;
    let sentAt = -Infinity;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const flush = async (): Promise<void> => {
      clearTimeout(timer);
      timer = undefined;
      if (batch.empty) return;
      sentAt = performance.now();
      // The link's writer awaits a slow reader, and so does the engine, which is only asked for more then.
      await link.send("job.tokens", { id, seq: seq++, ...batch.take() });
    };
    try {
      for await (const event of this.#options.provider.generate(request, { signal, asker })) {
        if (event.type === "shortened") await link.send("job.shortened", { id, messages: event.messages });
        else if (event.type === "token" || event.type === "reasoning") {
          if (seq === 0) onFirstToken();
          if (!batch.takes(event)) await flush();
          batch.add(event);
          const due = sentAt + COALESCE_MS - performance.now();
          if (due <= 0) await flush();
          else timer ??= setTimeout(() => void flush().catch(() => job.abort.abort()), due);
        } else if (event.type === "done") {
          await flush();
          return { id, frames: seq, finishReason: event.finishReason, usage: event.usage };
        }
      }
    } finally {
      clearTimeout(timer);
    }
    throw new MicrogridError("internal", "The engine ended without an end.");
  }

  /** Tells the consumer that its job is alive, and where it stands. */
  #sign(job: Job): void {
    const position = this.#waiting.indexOf(job) + 1;
    const { firstTokenMs } = this.#options.provider.estimate(job.request);
    const etaMs = Number.isFinite(firstTokenMs) ? Math.max(0, firstTokenMs) : 0;
    job.link.post("job.accepted", { id: job.id, position, etaMs });
    // A waiting job signs again as long as it waits; a running one is signed by its own timer.
    if (position > 0) setTimeout(() => this.#waiting.includes(job) && this.#sign(job), JOB_SIGN_MS);
  }

  #find(link: RoomLink, id: string): Job | undefined {
    return [...this.#running, ...this.#waiting].find((job) => job.link === link && job.id === id);
  }
}
