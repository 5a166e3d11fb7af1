/** The consumer's side of jobs: sends a request over a link and gives the answer as a stream, or the vectors. */
import { AsyncQueue, type JobId, deferred, onAbort, randomId } from "../../core";
import type { Embedded, EmbeddingRequest, GenerationEvent, GenerationRequest, PrivacyClass } from "../../inference";
import { fitFrame, requireFit } from "./fit-frame";
import type { ReceivedBody, RoomLink } from "../protocol";
import { JobFailedError, linkEnded } from "./lost";
import { JobTimeouts } from "./timeouts";
import { JobRefusedError } from "./refused";

/** Frames that may come beyond the tokens asked for: the text that an end releases has no ids. */
const SPARE_TOKENS = 2;
/** Text that may come for each token, and beyond that: real tokens have some 4 characters, the longest some 130. */
const MAX_CHARS_PER_TOKEN = 256;
const SPARE_CHARS = 4_096;

type Sign = "waiting" | "running" | "writing";

/** Time limits and permissions of a job. */
interface JobOptions {
  readonly signal: AbortSignal;
  readonly privacy: Exclude<PrivacyClass, "device">;
  readonly deadlineMs: number;
}

/** The part of a job that all kinds have. */
interface Job {
  fail(error: unknown): void;
  /** Called when something is heard of the job; `running` when it is computing, `writing` when results come. */
  heard(sign: Sign): void;
}

interface AnswerJob extends Job {
  readonly queue: AsyncQueue<GenerationEvent>;
  /** Whether the request asks for the probabilities of tokens; others are not wanted. */
  readonly wantsLogprobs: boolean;
  /** Number of messages that were sent, and of older ones that were not. */
  readonly messages: number;
  readonly left: number;
  /** Frames of tokens that have arrived. */
  frames: number;
  /** Tokens that may still come; a frame without ids counts as one. */
  tokensLeft: number;
  /** Characters that may come beyond those that the tokens so far allow. */
  charsLeft: number;
}

interface VectorJob extends Job {
  readonly request: EmbeddingRequest;
  resolve(embedded: Embedded): void;
}

/** All jobs that this node has given to one peer. */
export class JobClient {
  readonly #link: RoomLink;
  readonly #answers = new Map<string, AnswerJob>();
  readonly #vectors = new Map<string, VectorJob>();

  constructor(link: RoomLink) {
    this.#link = link;
    void link.closed.then((reason) => {
      const error = linkEnded(link, reason);
      for (const job of [...this.#answers.values(), ...this.#vectors.values()]) job.fail(error);
    });
  }

  /**
   * Streams the peer's answer. Throws `JobRefusedError` where the peer does not take the job, `JobLostError` where it goes
   * away, falls silent or breaks the order of its frames, and `context-exceeded` where the request is too long to be sent.
   * Leaving the loop or aborting cancels the job at the peer.
   */
  async *generate(asked: GenerationRequest, options: JobOptions): AsyncGenerator<GenerationEvent> {
    options.signal.throwIfAborted();
    const { request, left } = fitFrame(asked);
    if (left > 0) yield { type: "shortened", messages: left };
    const queue = new AsyncQueue<GenerationEvent>({ capacity: Infinity });
    const fail = (error: unknown): void => queue.fail(error);
    using job = this.#begin(options, fail);
    const { id, heard } = job;
    const tokensLeft = request.maxTokens - (request.resume?.idsInText ?? 0) + SPARE_TOKENS;
    const messages = request.messages.length;
    const wantsLogprobs = request.logprobs !== undefined;
    const facts = { queue, fail, wantsLogprobs, messages, left, heard };
    this.#answers.set(id, { ...facts, frames: 0, tokensLeft, charsLeft: SPARE_CHARS });
    const { privacy, deadlineMs } = options;
    this.#link.send("job.request", { id, request, privacy, deadlineMs }).catch(fail);
    try {
      for await (const event of queue) {
        job.ended = event.type === "done";
        yield event;
      }
    } catch (error) {
      job.ended = isOver(error);
      throw error;
    }
  }

  /** Asks for vectors. Rejects as `generate` does. Aborting cancels the job at the peer. */
  async embed(request: EmbeddingRequest, options: JobOptions): Promise<Embedded> {
    options.signal.throwIfAborted();
    requireFit(request);
    const { promise, resolve, reject } = deferred<Embedded>();
    using job = this.#begin(options, reject);
    const { id } = job;
    // Nothing comes before all vectors are there, so a running job counts as one that writes.
    const heard = (sign: Sign): void => job.heard(sign === "running" ? "writing" : sign);
    this.#vectors.set(id, { request, resolve, fail: reject, heard });
    const { privacy, deadlineMs } = options;
    this.#link.send("job.embed", { id, request, privacy, deadlineMs }).catch(reject);
    try {
      const embedded = await promise;
      job.ended = true;
      return embedded;
    } catch (error) {
      job.ended = isOver(error);
      throw error;
    }
  }

  /** Begins a job of any kind. When it is disposed of, the peer is told, unless the job has `ended` there. */
  #begin({ signal, deadlineMs }: JobOptions, fail: (error: unknown) => void) {
    const id = randomId(16) as JobId;
    const timeouts = new JobTimeouts(deadlineMs, fail);
    const free = this.#link.markBusy();
    const cancel = (): void => {
      if (!job.ended) this.#link.post("job.cancel", { id });
      job.ended = true;
    };
    const abort = onAbort(signal, (reason) => {
      // At once, and not when the reader asks for the next token.
      cancel();
      fail(reason);
    });
    const job = {
      id,
      ended: false,
      heard: (sign: Sign): void => timeouts.heard(sign),
      [Symbol.dispose]: (): void => {
        abort[Symbol.dispose]();
        this.#answers.delete(id);
        this.#vectors.delete(id);
        timeouts.stop();
        cancel();
        free();
      },
    };
    return job;
  }

  #job(id: string): Job | undefined {
    return this.#answers.get(id) ?? this.#vectors.get(id);
  }

  /** Whether a frame about a job of this id is waited for. Those of cancelled jobs may still arrive; they are dropped. */
  awaits(id: unknown): boolean {
    return typeof id === "string" && this.#job(id) !== undefined;
  }

  /** The peer has taken a job, or says that the job is alive. */
  accepted({ id, position, etaMs }: ReceivedBody<"job.accepted">): void {
    this.#job(id)?.heard(position > 0 ? "waiting" : "running");
    const queue = this.#answers.get(id)?.queue;
    // News that nobody reads does not pile up.
    if (queue?.size === 0) void queue.push({ type: "queued", position, etaMs });
  }

  /** The peer does not take a job, or gives it back. */
  refused({ id, reason, load, rule }: ReceivedBody<"job.refused">): void {
    this.#job(id)?.fail(new JobRefusedError(reason, load, rule));
  }

  /** The peer does not read the oldest messages that it was sent. */
  shortened({ id, messages }: ReceivedBody<"job.shortened">): void {
    const job = this.#answers.get(id);
    if (!job) return;
    if (messages >= job.messages) return this.#violation("that it does not read the question");
    void job.queue.push({ type: "shortened", messages: job.left + messages });
  }

  /** The next tokens of an answer. */
  tokens({ id, seq, text, ids, reasoning, logprobs }: ReceivedBody<"job.tokens">): void {
    const job = this.#answers.get(id);
    if (!job) return;
    if (seq !== job.frames) return this.#violation(`token frame ${seq} where ${job.frames} was due`);
    job.frames++;
    const tokens = Math.max(ids.length, 1);
    job.tokensLeft -= tokens;
    if (job.tokensLeft < 0) return this.#violation("more tokens than were asked for");
    job.charsLeft += tokens * MAX_CHARS_PER_TOKEN - text.length;
    if (job.charsLeft < 0) return this.#violation("more text than its tokens can have");
    job.heard("writing");
    const wanted = job.wantsLogprobs && logprobs && { logprobs };
    void job.queue.push({ type: reasoning ? "reasoning" : "token", text, ids, ...wanted });
  }

  /** An answer is complete. */
  done({ id, frames, finishReason, usage }: ReceivedBody<"job.done">): void {
    const job = this.#answers.get(id);
    if (!job) return;
    if (frames !== job.frames) return this.#violation(`the end after ${frames} frames where ${job.frames} came`);
    void job.queue.push({ type: "done", finishReason, usage });
    job.queue.end();
  }

  /** The peer could not complete an answer. */
  failed({ id, code, message, field }: ReceivedBody<"job.failed">): void {
    this.#job(id)?.fail(new JobFailedError(code, message, field));
  }

  /** All vectors of a job. */
  vectors({ id, dimensions, vectors: bytes, promptTokens }: ReceivedBody<"job.vectors">): void {
    const job = this.#vectors.get(id);
    if (!job) return;
    const { inputs, dimensions: wanted = dimensions } = job.request;
    if (dimensions !== wanted || bytes.length !== 4 * dimensions * inputs.length) {
      return this.#violation(`${bytes.length} bytes of vectors for ${inputs.length} inputs`);
    }
    const vectors = new Float32Array(bytes.slice().buffer);
    if (!vectors.every(Number.isFinite)) return this.#violation("vectors with numbers that are not finite");
    job.resolve({ dimensions, vectors, promptTokens });
  }

  #violation(what: string): void {
    this.#link.accuse(`it sent ${what}`);
  }
}

/** After a refusal or a failure, the peer has forgotten the job; after anything else, it has to be told. */
function isOver(error: unknown): boolean {
  return error instanceof JobRefusedError || error instanceof JobFailedError;
}
