/** The consumer's side of jobs: sends a request over a link and gives the answer as a stream. */
import { AsyncQueue, type JobId, onAbort, randomId } from "../../core";
import type { GenerationEvent, GenerationRequest, PrivacyClass } from "../../inference";
import { fitFrame } from "./fit-frame";
import type { ReceivedBody, RoomLink } from "../protocol";
import { JobFailedError, linkEnded } from "./lost";
import { JobTimeouts } from "./timeouts";
import { JobRefusedError } from "./refused";

/** Frames that may come beyond the tokens asked for: the text that an end releases has no ids. */
const SPARE_TOKENS = 2;
/** Text that may come for each token, and beyond that: real tokens have some 4 characters, the longest some 130. */
const MAX_CHARS_PER_TOKEN = 256;
const SPARE_CHARS = 4_096;

interface Job {
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
  /** Called when something is heard of the job; `running` when it is computing, `writing` when tokens come. */
  heard(sign: "waiting" | "running" | "writing"): void;
}

/** All jobs that this node has given to one peer. */
export class JobClient {
  readonly #link: RoomLink;
  readonly #jobs = new Map<string, Job>();

  constructor(link: RoomLink) {
    this.#link = link;
    void link.closed.then((reason) => {
      const error = linkEnded(link, reason);
      for (const job of this.#jobs.values()) job.queue.fail(error);
    });
  }

  /**
   * Streams the peer's answer. Throws `JobRefusedError` where the peer does not take the job, `JobLostError` where it goes
   * away, falls silent or breaks the order of its frames, and `context-exceeded` where the request is too long to be sent.
   * Leaving the loop or aborting cancels the job at the peer.
   */
  async *generate(
    asked: GenerationRequest,
    options: { signal: AbortSignal; privacy: Exclude<PrivacyClass, "device">; deadlineMs: number },
  ): AsyncGenerator<GenerationEvent> {
    const { signal } = options;
    signal.throwIfAborted();
    const { request, left } = fitFrame(asked);
    if (left > 0) yield { type: "shortened", messages: left };
    const id = randomId(16) as JobId;
    const queue = new AsyncQueue<GenerationEvent>({ capacity: Infinity });
    let ended = false;
    const cancel = (): void => {
      if (!ended) this.#link.post("job.cancel", { id });
      ended = true;
    };
    const timeouts = new JobTimeouts(options.deadlineMs, (error) => queue.fail(error));
    const free = this.#link.markBusy();
    const tokensLeft = request.maxTokens - (request.resume?.idsInText ?? 0) + SPARE_TOKENS;
    const heard = (sign: "waiting" | "running" | "writing"): void => timeouts.heard(sign);
    const messages = request.messages.length;
    const wantsLogprobs = request.logprobs !== undefined;
    const facts = { queue, wantsLogprobs, messages, left, heard };
    this.#jobs.set(id, { ...facts, frames: 0, tokensLeft, charsLeft: SPARE_CHARS });
    using _ = onAbort(signal, (reason) => {
      // At once, and not when the reader asks for the next token.
      cancel();
      queue.fail(reason);
    });
    try {
      const { privacy, deadlineMs } = options;
      this.#link.send("job.request", { id, request, privacy, deadlineMs }).catch((error: unknown) => queue.fail(error));
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
      timeouts.stop();
      cancel();
      free();
    }
  }

  // Frames of cancelled jobs may still arrive; they are ignored.

  /** The peer has taken a job, or says that the job is alive. */
  accepted({ id, position, etaMs }: ReceivedBody<"job.accepted">): void {
    const job = this.#jobs.get(id);
    if (!job) return;
    job.heard(position > 0 ? "waiting" : "running");
    // News that nobody reads does not pile up.
    if (job.queue.size === 0) void job.queue.push({ type: "queued", position, etaMs });
  }

  /** The peer does not take a job, or gives it back. */
  refused({ id, reason, load, rule }: ReceivedBody<"job.refused">): void {
    this.#jobs.get(id)?.queue.fail(new JobRefusedError(reason, load, rule));
  }

  /** The peer does not read the oldest messages that it was sent. */
  shortened({ id, messages }: ReceivedBody<"job.shortened">): void {
    const job = this.#jobs.get(id);
    if (!job) return;
    if (messages >= job.messages) return this.#violation("that it does not read the question");
    void job.queue.push({ type: "shortened", messages: job.left + messages });
  }

  /** The next tokens of an answer. */
  tokens({ id, seq, text, ids, reasoning, logprobs }: ReceivedBody<"job.tokens">): void {
    const job = this.#jobs.get(id);
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
    const job = this.#jobs.get(id);
    if (!job) return;
    if (frames !== job.frames) return this.#violation(`the end after ${frames} frames where ${job.frames} came`);
    void job.queue.push({ type: "done", finishReason, usage });
    job.queue.end();
  }

  /** The peer could not complete an answer. */
  failed({ id, code, message }: ReceivedBody<"job.failed">): void {
    this.#jobs.get(id)?.queue.fail(new JobFailedError(code, message));
  }

  #violation(what: string): void {
    this.#link.accuse(`it sent ${what}`);
  }
}
