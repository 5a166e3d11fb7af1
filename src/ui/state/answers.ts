/** The answers that this tab is writing: asked of the grid, shown as they come, saved on the way. */
import { TypedEventTarget, errorToData, isAbort, MicrogridError, randomId } from "../../core";
import type {
  AnswerEvent,
  AnswerSummary,
  Conversation,
  GridApi,
  ResumePoint,
  StoredAnswer,
  StoredMessage,
  Usage,
} from "../../grid";
import { answeringModel, isLoading, mayOffer } from "./models";
import { toGeneration } from "./requests";

/** Longest time between two saves of an answer that streams, ms. */
const SAVE_INTERVAL_MS = 500;

/** An answer on its way. */
export interface RunningAnswer {
  readonly conversation: string;
  /** The message as it stands; replaced as text arrives. */
  readonly message: StoredMessage;
  readonly phase: "waiting-for-model" | "routing" | "queued" | "streaming";
  readonly queue: { readonly position: number; readonly etaMs: number } | undefined;
}

/** Who knows whether a model is about to be loaded here. */
export interface Arrivals extends TypedEventTarget<{ change: undefined }> {
  readonly pending: boolean;
}

interface Run {
  shown: RunningAnswer;
  /** The model that was asked for the answer; undefined until one was ready. */
  asked: string | undefined;
  readonly abort: AbortController;
  resume: ResumePoint | undefined;
  /** Tokens since the last route; undefined before the first one of this run. */
  tokensSince: number | undefined;
  savedAt: number;
  readonly ended: Promise<void>;
}

/** Runs answers, at most one per conversation. They go on when another conversation is shown. */
export class Answers extends TypedEventTarget<{
  change: string;
  finished: { conversation: string; message: StoredMessage };
}> {
  readonly #grid: GridApi;
  readonly #arrivals: Arrivals;
  readonly #runs = new Map<string, Run>();
  readonly #dirty = new Set<string>();
  #frame: number | undefined;

  constructor(grid: GridApi, arrivals: Arrivals) {
    super();
    this.#grid = grid;
    this.#arrivals = arrivals;
  }

  /** The model of an answer that is being given, here or elsewhere. */
  get asked(): string | undefined {
    return [...this.#runs.values()].find(({ asked, shown }) => asked && shown.message.status === "streaming")?.asked;
  }

  /** True while an answer waits for a model to be ready. */
  get waiting(): boolean {
    return [...this.#runs.values()].some(({ shown }) => shown.phase === "waiting-for-model");
  }

  /** The answer of a conversation that is being written or, for a moment, saved. */
  running(conversation: string): RunningAnswer | undefined {
    return this.#runs.get(conversation)?.shown;
  }

  /** True while an answer of that conversation is being written. */
  isWriting(conversation: string): boolean {
    return this.running(conversation)?.message.status === "streaming";
  }

  /** Stops the answer of a conversation; what it said so far stays. */
  stop(conversation: string): void {
    this.#runs.get(conversation)?.abort.abort();
  }

  /** Resolves when the answer of a conversation has ended, at once where none runs. */
  async settled(conversation: string): Promise<void> {
    await this.#runs.get(conversation)?.ended;
  }

  /** Saves what is written so far, as when the page is about to go. */
  flush(): void {
    for (const run of this.#runs.values()) void this.#save(run);
  }

  /**
   * Answers the last user message of a conversation; with `continueFrom`, goes on with an answer that
   * was cut off. Never rejects: failures are kept in the message.
   */
  async run(conversation: Conversation, wanted: string | undefined, continueFrom?: StoredMessage): Promise<void> {
    if (this.isWriting(conversation.id)) return;
    await this.settled(conversation.id);
    const message: StoredMessage = {
      ...(continueFrom ?? { id: randomId(), role: "assistant", content: "", createdAt: Date.now() }),
      status: "streaming",
      answer: { model: wanted ?? "", routes: continueFrom?.answer?.routes ?? [] },
    };
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const run: Run = {
      ended,
      asked: undefined,
      shown: { conversation: conversation.id, message, phase: "routing", queue: undefined },
      abort: new AbortController(),
      resume: continueFrom?.answer?.resume ?? textResume(continueFrom),
      tokensSince: undefined,
      savedAt: Date.now(),
    };
    this.#runs.set(conversation.id, run);
    this.#changed(run);
    const store = this.#grid.conversations;
    const release = store.holdAnswer(message.id);
    try {
      await store.setMessages(conversation.id, (messages) =>
        messages.some((old) => old.id === message.id)
          ? messages.map((old) => (old.id === message.id ? message : old))
          : [...messages, message],
      );
      await this.#stream(run, conversation, wanted);
    } catch (error) {
      this.#fail(run, error);
    } finally {
      await this.#save(run);
      this.#runs.delete(conversation.id);
      release();
      this.emit("finished", { conversation: conversation.id, message: run.shown.message });
      this.emit("change", conversation.id);
      end();
    }
  }

  async #stream(run: Run, conversation: Conversation, wanted: string | undefined): Promise<void> {
    const { signal } = run.abort;
    const offer = answeringModel(this.#grid.state, wanted) ?? (await this.#whenReady(run, wanted, signal));
    this.#patch(run, { model: offer.model });
    run.asked = offer.model;
    const generation = toGeneration(conversation, run.shown.message.id, offer, run.resume);
    for await (const event of this.#grid.answer({ generation }, { signal })) this.#apply(run, event);
    if (signal.aborted) throw signal.reason;
  }

  /** Waits for a model that is being loaded, here or in the room. */
  async #whenReady(
    run: Run,
    wanted: string | undefined,
    signal: AbortSignal,
  ): Promise<NonNullable<ReturnType<typeof answeringModel>>> {
    this.#show(run, { phase: "waiting-for-model" });
    for (;;) {
      signal.throwIfAborted();
      const state = this.#grid.state;
      const offer = answeringModel(state, wanted);
      if (offer) return offer;
      const mayCome = isLoading(state) || this.#arrivals.pending || mayOffer(state) || state.role === "starting";
      if (!mayCome) {
        const failed = Object.values(state.loads).find((load) => load.kind === "failed");
        throw new MicrogridError(
          "model-not-loaded",
          failed?.kind === "failed"
            ? `No model is ready to answer: ${failed.error.message}`
            : "No model is loaded, so nobody can answer yet. Choose a model, or join a room that has one, and try again.",
        );
      }
      await new Promise<void>((resolve) => {
        const done = (): void => {
          for (const stop of stops) stop();
          signal.removeEventListener("abort", done);
          resolve();
        };
        const stops = [this.#grid.on("change", done), this.#arrivals.on("change", done)];
        signal.addEventListener("abort", done);
      });
    }
  }

  #apply(run: Run, event: AnswerEvent): void {
    const { message } = run.shown;
    switch (event.type) {
      case "route": {
        const { route } = event;
        const { model, packageHash, tokenizerHash, engine, backend } = route.offer;
        const stored = {
          provider: { ...route.provider },
          why: [...route.why],
          attempt: route.attempt,
          exact: route.exact,
          model,
          backend,
        };
        const before = run.resume;
        // Ids of another tokenizer mean nothing to this one: from here on only the text can be resumed.
        const same = before === undefined || before.tokenizerHash === tokenizerHash || before.ids.length === 0;
        run.resume = {
          packageHash,
          tokenizerHash: same ? tokenizerHash : "",
          engine,
          backend,
          ids: same ? (before?.ids ?? []) : [],
          idsInText: same ? (before?.idsInText ?? 0) : 0,
          text: message.content,
        };
        run.tokensSince = 0;
        this.#patch(run, { model, routes: [...(message.answer?.routes ?? []), stored] });
        this.#show(run, { phase: "routing", queue: undefined });
        break;
      }
      case "queued":
        this.#show(run, { phase: "queued", queue: { position: event.position, etaMs: event.etaMs } });
        break;
      case "token": {
        const content = message.content + event.text;
        const resume = run.resume;
        run.tokensSince = (run.tokensSince ?? 0) + event.ids.length;
        if (resume) {
          const mixed = resume.tokenizerHash === "";
          const ids = mixed ? [] : [...resume.ids, ...event.ids];
          run.resume = { ...resume, ids, idsInText: ids.length, text: content };
        }
        this.#show(run, { phase: "streaming", queue: undefined, message: { ...message, content } });
        break;
      }
      case "done":
        this.#patch(run, outcome(event.usage, event.summary, event.finishReason));
        this.#show(run, { message: { ...run.shown.message, status: "complete" } });
        break;
    }
    if (Date.now() - run.savedAt >= SAVE_INTERVAL_MS) void this.#save(run);
  }

  #fail(run: Run, error: unknown): void {
    if (run.shown.message.status === "complete") return;
    if (isAbort(error) || run.abort.signal.aborted) {
      this.#show(run, { message: { ...run.shown.message, status: "interrupted" } });
      return;
    }
    this.#patch(run, { error: errorToData(error), ...lastLoss(run, error) });
    this.#show(run, { message: { ...run.shown.message, status: "failed" } });
  }

  #patch(run: Run, patch: Partial<StoredAnswer>): void {
    const { message } = run.shown;
    const answer: StoredAnswer = { model: "", routes: [], ...message.answer, ...patch };
    this.#show(run, { message: { ...message, answer } });
  }

  #show(run: Run, patch: Partial<RunningAnswer>): void {
    run.shown = { ...run.shown, ...patch };
    this.#changed(run);
  }

  async #save(run: Run): Promise<void> {
    run.savedAt = Date.now();
    const { message } = run.shown;
    // A finished answer keeps its resume point only where there is more to come.
    const keep = run.resume && !(message.status === "complete" && message.answer?.finishReason === "stop");
    const resume = keep && run.resume ? { ...run.resume, ids: [...run.resume.ids] } : undefined;
    const answer = message.answer && { ...message.answer, ...(resume && { resume }) };
    const stored = answer ? { ...message, answer } : message;
    if (message.status !== "streaming") run.shown = { ...run.shown, message: stored };
    await this.#grid.conversations.setMessage(run.shown.conversation, stored).catch(() => undefined);
  }

  /** Tells listeners at most once a frame; hidden pages have no frames and nobody looks. */
  #changed(run: Run): void {
    this.#dirty.add(run.shown.conversation);
    if (this.#frame !== undefined) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = undefined;
      const dirty = [...this.#dirty];
      this.#dirty.clear();
      for (const conversation of dirty) this.emit("change", conversation);
    });
  }
}

/** The routes with what became of the last one, where nobody took its place: no further route tells of that. */
function lastLoss({ shown, tokensSince }: Run, error: unknown): Partial<StoredAnswer> {
  const routes = shown.message.answer?.routes ?? [];
  const last = routes.at(-1);
  const left = error instanceof MicrogridError && (error.code === "no-provider" || error.code === "peer-lost");
  if (!left || !last || tokensSince === undefined) return {};
  const name = last.provider.kind === "local" ? "This device" : last.provider.name;
  const loss =
    tokensSince > 0 ? `${name} was lost after ${tokensSince} tokens.` : `${name} was asked and gave nothing.`;
  return { routes: [...routes.slice(0, -1), { ...last, why: [...last.why, loss] }] };
}

function outcome(usage: Usage, summary: AnswerSummary, finishReason: "stop" | "length"): Partial<StoredAnswer> {
  const decoded = usage.completionTokens - 1;
  const { firstTokenMs, totalMs } = summary.timings;
  const rate = decoded > 0 && usage.decodeMs > 0 ? (decoded * 1000) / usage.decodeMs : undefined;
  return {
    finishReason,
    tokens: usage.completionTokens,
    firstTokenMs,
    totalMs,
    ...(rate !== undefined && { tokensPerSecond: rate }),
  };
}

// Without a resume point (an imported answer, say) the text alone is enough to go on from.
function textResume(message: StoredMessage | undefined): ResumePoint | undefined {
  if (!message || message.content === "") return undefined;
  return {
    packageHash: "",
    tokenizerHash: "",
    engine: "onnx",
    backend: "wasm",
    ids: [],
    idsInText: 0,
    text: message.content,
  };
}
