/** One answer while it is written: the message that grows with the events of the grid, and its resume point. */
import { errorToData, isAbort } from "../../core";
import type { AnswerEvent, Loss, PieceEvent, ResumePoint, Route, StoredAnswer, StoredMessage } from "../../grid";
import { Delivered } from "../../grid/parts";

/** An answer on its way, to be shown. */
export interface RunningAnswer {
  readonly conversation: string;
  /** The message as it stands; replaced as text arrives. */
  readonly message: StoredMessage;
  readonly phase: "waiting-for-model" | "routing" | "queued" | "streaming" | "lost";
  readonly queue: { readonly position: number; readonly etaMs: number } | undefined;
}

/** Turns the events of one request into a message. It only keeps state; `Answers` runs the request. */
export class AnswerRun {
  readonly abort = new AbortController();
  readonly #onChange: () => void;
  readonly #delivered: Delivered;
  /** The routes of an earlier request that this one continues. */
  readonly #routesBefore: StoredAnswer["routes"];
  #shown: RunningAnswer;
  #asked: string | undefined;
  /** Whether the model gets a system prompt that the person wrote. */
  #instructed = false;
  /** When the first token came, by `performance.now()`. */
  #begunAt: number | undefined;
  /** When the model was asked, and how long the person waited for the first word. */
  #askedAt = 0;
  #firstTokenMs: number | undefined;
  /** The offer of the last route; undefined before the first one. */
  #offer: Route["offer"] | undefined;

  /** `message` is the answer so far: empty for a new one. `wanted` is the model that should answer. */
  constructor(conversation: string, message: StoredMessage, wanted: string | undefined, onChange: () => void) {
    this.#onChange = onChange;
    this.#routesBefore = message.answer?.routes ?? [];
    this.#delivered = new Delivered(resumeOf(message));
    const { thoughtMs } = message.answer ?? {};
    const answer = { model: wanted ?? "", routes: this.#routesBefore, ...(thoughtMs !== undefined && { thoughtMs }) };
    this.#shown = {
      conversation,
      message: { ...message, status: "streaming", answer },
      phase: "routing",
      queue: undefined,
    };
  }

  get shown(): RunningAnswer {
    return this.#shown;
  }

  get message(): StoredMessage {
    return this.#shown.message;
  }

  /** The model that was asked for the answer; undefined until one was ready. */
  get asked(): string | undefined {
    return this.#asked;
  }

  /** Where another request can go on; undefined while nothing was received. */
  get resume(): ResumePoint | undefined {
    return this.#delivered.resume;
  }

  /** The message as it is stored: with the resume point, if there may be more to come. */
  get stored(): StoredMessage {
    const { message, resume } = this;
    const ended = message.status === "complete" && message.answer?.finishReason === "stop";
    if (!message.answer || !resume || ended) return message;
    return { ...message, answer: { ...message.answer, resume } };
  }

  /** No model can answer yet, and one may come. */
  waitForModel(): void {
    this.#show({ phase: "waiting-for-model" });
  }

  /** A model is asked now; `instructed` if the person has written a system prompt for it. */
  ask(model: string, instructed = false): void {
    this.#asked = model;
    this.#instructed = instructed;
    this.#askedAt = performance.now();
    this.#patch({ model });
  }

  apply(event: AnswerEvent): void {
    switch (event.type) {
      case "route":
        this.#route(event.route);
        break;
      case "lost":
        this.#lost(event.loss);
        this.#show({ phase: "lost", queue: undefined });
        break;
      case "queued":
        this.#show({ phase: "queued", queue: { position: event.position, etaMs: event.etaMs } });
        break;
      case "accepted":
        // Reading the prompt looks like the wait before it.
        break;
      case "shortened":
        this.#patch({ left: event.messages });
        break;
      case "reasoning":
      case "token":
        this.#grow(event);
        break;
      case "done":
        this.#patch({ ...this.#outcome(event), ...this.#firstWord });
        this.#show({ message: { ...this.message, status: "complete" } });
        break;
    }
  }

  /** Ends the answer as stopped if it was aborted, and as failed otherwise. */
  fail(error: unknown): void {
    if (this.message.status === "complete") return;
    if (isAbort(error) || this.abort.signal.aborted) {
      this.#lost("stopped");
      this.#show({ message: { ...this.message, status: "interrupted" } });
      return;
    }
    this.#patch({ error: errorToData(error) });
    this.#show({ message: { ...this.message, status: "failed" } });
  }

  /** Shows the message as it was stored at the end. */
  settle(): void {
    this.#shown = { ...this.#shown, message: this.stored };
  }

  #grow(event: PieceEvent): void {
    const { content, reasoning = "" } = this.message;
    if (this.#offer) this.#delivered.add(event, this.#offer);
    // An answer that goes on had its first word long ago.
    if (content === "" && reasoning === "") this.#firstTokenMs ??= performance.now() - this.#askedAt;
    this.#begunAt ??= performance.now();
    const grown =
      event.type === "token"
        ? { content: content + event.text }
        : event.text !== "" && { reasoning: reasoning + event.text };
    this.#show({ phase: "streaming", queue: undefined, message: { ...this.message, ...grown } });
    if (event.type === "token" && content === "" && event.text !== "" && reasoning !== "") {
      this.#patch({ thoughtMs: performance.now() - this.#begunAt });
    }
  }

  #route({ provider, why, attempt, exact, offer }: Route): void {
    const { model, backend } = offer;
    const stored = { provider: { ...provider }, why: [...why], attempt, exact, model, backend };
    const routes = this.message.answer?.routes ?? [];
    // A request that is made again replaces a route that gave nothing and was not lost.
    const before = attempt === 1 && routes.at(-1)?.lost === undefined ? this.#routesBefore : routes;
    this.#offer = offer;
    this.#delivered.begin();
    const moved = this.#instructed && offer.chat?.system === false;
    this.#patch({ model, routes: [...before, stored], ...(moved && { moved }) });
    this.#show({ phase: "routing", queue: undefined });
  }

  #outcome({ usage, summary, finishReason }: Extract<AnswerEvent, { type: "done" }>): Partial<StoredAnswer> {
    // The time is that of the last provider, but the usage counts the tokens of all. An end token is not delivered.
    const decoded = Math.min(usage.completionTokens, this.#delivered.tokensSince + 1) - 1;
    const rate = decoded > 0 && usage.decodeMs > 0 ? (decoded * 1000) / usage.decodeMs : undefined;
    return {
      finishReason,
      tokens: usage.completionTokens,
      totalMs: summary.timings.totalMs,
      ...(rate !== undefined && { tokensPerSecond: rate }),
    };
  }

  get #firstWord(): Pick<StoredAnswer, "firstTokenMs"> {
    return this.#firstTokenMs === undefined ? {} : { firstTokenMs: this.#firstTokenMs };
  }

  /** Keeps why the last provider gave no more; the first reason counts. */
  #lost(lost: Loss): void {
    const routes = this.message.answer?.routes ?? [];
    const last = routes.at(-1);
    if (!last || last.lost !== undefined || !this.#offer) return;
    this.#patch({ routes: [...routes.slice(0, -1), { ...last, lost }] });
  }

  #patch(patch: Partial<StoredAnswer>): void {
    const { message } = this;
    const answer: StoredAnswer = { model: "", routes: [], ...message.answer, ...patch };
    this.#show({ message: { ...message, answer } });
  }

  #show(patch: Partial<RunningAnswer>): void {
    this.#shown = { ...this.#shown, ...patch };
    this.#onChange();
  }
}

/**
 * Where a stored answer goes on. Without a resume point, or with one of another text than the person sees (the file that it was
 * imported from may say anything), it goes on from its text alone.
 */
function resumeOf(message: StoredMessage): ResumePoint | undefined {
  const { content, reasoning = "", answer } = message;
  const resume = answer?.resume;
  return resume?.text === content && (resume.reasoning ?? "") === reasoning ? resume : textResume(message);
}

function textResume({ content: text, reasoning = "" }: StoredMessage): ResumePoint | undefined {
  if (text === "" && reasoning === "") return undefined;
  const nothing = {
    packageHash: "",
    tokenizerHash: "",
    engine: "onnx",
    backend: "wasm",
    ids: [],
    idsInText: 0,
  } as const;
  return { ...nothing, text, ...(reasoning !== "" && { reasoning }) };
}
