/** The consumer's side of jobs: sends a request over a link and gives the answer as a stream. */
import { AsyncQueue, type ErrorCode, type JobId, MicrogridError, randomId } from "../../core";
import type { GenerationEvent, GenerationRequest, PrivacyClass } from "../../inference";
import { JOB_SILENCE_MS } from "../constants";
import type { JobFrame, RoomLink } from "../protocol";
import { JobRefusedError } from "./refused";

/** Errors of a provider that say something about the request itself: no other provider would do better. */
const ABOUT_THE_REQUEST: readonly ErrorCode[] = ["context-exceeded", "bad-request"];

interface Job {
  readonly queue: AsyncQueue<GenerationEvent>;
  /** Frames of tokens that have arrived. */
  frames: number;
  /** Called when something is heard of the job. */
  heard(): void;
}

/** All jobs that this node has given to one peer. */
export class JobClient {
  readonly #link: RoomLink;
  readonly #jobs = new Map<string, Job>();

  constructor(link: RoomLink) {
    this.#link = link;
    void link.closed.then((reason) => {
      const error = new MicrogridError("peer-lost", `The device that answered is gone: ${reason}.`);
      for (const job of this.#jobs.values()) job.queue.fail(error);
    });
  }

  /**
   * Streams the peer's answer. Throws `JobRefusedError` where the peer does not take the job, `peer-lost` where
   * it goes away or falls silent, `peer-protocol` where it breaks the order of its frames. Leaving the
   * loop or aborting cancels the job at the peer.
   */
  async *generate(
    request: GenerationRequest,
    options: { signal: AbortSignal; privacy: Exclude<PrivacyClass, "device">; deadlineMs: number },
  ): AsyncGenerator<GenerationEvent> {
    const { signal } = options;
    signal.throwIfAborted();
    const id = randomId(16) as JobId;
    const queue = new AsyncQueue<GenerationEvent>({ capacity: Infinity });
    const onAbort = (): void => queue.fail(signal.reason);
    const silence = new Silence(() => {
      queue.fail(new MicrogridError("peer-lost", "The device that answered has fallen silent."));
    });
    const free = this.#link.markBusy();
    this.#jobs.set(id, { queue, frames: 0, heard: () => silence.reset() });
    signal.addEventListener("abort", onAbort);
    let ended = false;
    try {
      await this.#link.send("job.request", {
        id,
        request: wireRequest(request),
        privacy: options.privacy,
        deadlineMs: options.deadlineMs,
      });
      for await (const event of queue) {
        ended = event.type === "done";
        yield event;
      }
    } catch (error) {
      // After a refusal or a failure the peer has forgotten the job; after anything else it has to be told.
      ended = error instanceof JobRefusedError || error instanceof JobFailedError;
      throw error;
    } finally {
      this.#jobs.delete(id);
      silence.stop();
      signal.removeEventListener("abort", onAbort);
      if (!ended) this.#link.post("job.cancel", { id });
      free();
    }
  }

  /** Takes a frame of the provider's side. Frames of jobs that were cancelled are late, not wrong. */
  receive(frame: JobFrame): void {
    const job = this.#jobs.get(frame.body.id);
    if (!job) return;
    job.heard();
    switch (frame.kind) {
      case "job.accepted":
        void job.queue.push({ type: "queued", position: frame.body.position, etaMs: frame.body.etaMs });
        break;
      case "job.refused":
        job.queue.fail(new JobRefusedError(frame.body.reason, frame.body.load));
        break;
      case "job.tokens": {
        const { seq, text, ids, logprobs } = frame.body;
        if (seq !== job.frames) return this.#violation(`token frame ${seq} where ${job.frames} was due`);
        job.frames++;
        void job.queue.push({ type: "token", text, ids, ...(logprobs && { logprobs }) });
        break;
      }
      case "job.done": {
        const { frames, finishReason, usage } = frame.body;
        if (frames !== job.frames) return this.#violation(`the end after ${frames} frames where ${job.frames} came`);
        void job.queue.push({ type: "done", finishReason, usage });
        job.queue.end();
        break;
      }
      case "job.failed":
        job.queue.fail(new JobFailedError(frame.body.code, frame.body.message));
        break;
      case "job.request":
      case "job.cancel":
        this.#violation(`${frame.kind} for a job of this node`);
        break;
    }
  }

  #violation(what: string): void {
    this.#link.close(`protocol error: it sent ${what}`);
  }
}

/** The provider tried and failed; `code` is kept where it says something about the request itself. */
class JobFailedError extends MicrogridError {
  constructor(code: string, message: string) {
    const known = ABOUT_THE_REQUEST.find((candidate) => candidate === code);
    super(known ?? "peer-lost", known ? message : `The device that answered could not go on: ${message}`);
  }
}

/** Calls back when nothing was heard for too long. */
class Silence {
  readonly #onSilence: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(onSilence: () => void) {
    this.#onSilence = onSilence;
    this.reset();
  }

  reset(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onSilence, JOB_SILENCE_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

/** The request with arrays that the codec and the schema take; nothing else of it changes. */
function wireRequest(request: GenerationRequest) {
  const { messages, stop, resume, ...rest } = request;
  return {
    ...rest,
    messages: [...messages],
    ...(stop && { stop: [...stop] }),
    ...(resume && { resume: { ...resume, ids: [...resume.ids] } }),
  };
}
