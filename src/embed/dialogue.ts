/** The questions and answers of one element; they are kept in memory only. */
import { MicrogridError, TypedEventTarget, isAbort, toMicrogridError } from "../core";
import type { AnswerSummary, ChatMessage, GenerationRequest, GridApi, Policy, Route, Usage } from "../grid";
import { defaultMaxTokens, defaultSampling } from "../ui/parts";
import { whoAnswers } from "./who-answers";

/** A question and its answer, replaced with every change. */
export interface Turn {
  readonly id: number;
  readonly question: string;
  readonly answer: string;
  readonly status: "waiting" | "queued" | "writing" | "done" | "stopped" | "failed";
  /** Places before this question in the queue, while `queued`. */
  readonly queuePosition: number;
  readonly routes: readonly Route[];
  /** Earlier turns that the answer does not know of, since they no longer fit the model's context. */
  readonly forgotten: number;
  /** Why it failed. */
  readonly error: string | undefined;
  readonly tokensPerSecond: number | undefined;
}

/** What an element's attributes say about its questions. */
export interface AskOptions {
  readonly grid: GridApi;
  /** Id of the model, or empty for whatever the room offers. */
  readonly model: string;
  readonly policy: Partial<Policy>;
  /** The loading of `model` on this device; undefined where it is not loaded here. */
  readonly load: Promise<void> | undefined;
}

export interface DialogueEvents {
  /** Some turn changed. */
  change: readonly Turn[];
  token: { readonly text: string; readonly answer: string; readonly provider: Route["provider"] };
  done: {
    readonly turn: Turn;
    readonly finishReason: "stop" | "length" | "stopped";
    readonly usage: Usage | undefined;
    readonly summary: AnswerSummary | undefined;
  };
  failed: MicrogridError;
}

/** Asks, streams, stops. One answer at a time: a newer question stops the answer before it. */
export class Dialogue extends TypedEventTarget<DialogueEvents> {
  #turns: readonly Turn[] = [];
  #running: AbortController | undefined;
  #nextId = 1;

  get turns(): readonly Turn[] {
    return this.#turns;
  }

  get busy(): boolean {
    return this.#running !== undefined;
  }

  /** Stops the answer that is being written; what has come of it stays. */
  stop(): void {
    this.#running?.abort();
  }

  /** Stops, and forgets all turns. */
  clear(): void {
    this.stop();
    this.#turns = [];
    this.emit("change", this.#turns);
  }

  /**
   * Asks a question after those before it. `options` is awaited first, so a question may be asked while the grid
   * still opens. Resolves to the answer, also to a part of one that was stopped; rejects with a `MicrogridError`.
   */
  async ask(question: string, options: Promise<AskOptions>): Promise<string> {
    if (question.trim() === "") throw new MicrogridError("bad-request", "There is no question in this text.");
    this.stop();
    const abort = new AbortController();
    this.#running = abort;
    const before = this.#turns;
    const id = this.#nextId++;
    this.#put({
      id,
      question,
      answer: "",
      status: "waiting",
      queuePosition: 0,
      routes: [],
      forgotten: 0,
      error: undefined,
      tokensPerSecond: undefined,
    });
    try {
      await this.#answer(id, before, await untilAborted(options, abort.signal), abort.signal);
    } catch (thrown) {
      this.#ended(id, thrown, abort.signal);
    } finally {
      if (this.#running === abort) this.#running = undefined;
      this.emit("change", this.#turns);
    }
    return this.#turn(id)?.answer ?? "";
  }

  /** Answers with as many of the turns before as the model's context holds: the oldest are left out first. */
  async #answer(id: number, before: readonly Turn[], options: AskOptions, signal: AbortSignal): Promise<void> {
    for (let forgotten = 0; ; forgotten++) {
      this.#patch(id, { forgotten, routes: [] });
      try {
        await this.#stream(id, before.slice(forgotten), options, signal);
        return;
      } catch (error) {
        const tooLong = error instanceof MicrogridError && error.code === "context-exceeded";
        if (!tooLong || forgotten >= before.length) throw error;
      }
    }
  }

  async #stream(id: number, before: readonly Turn[], options: AskOptions, signal: AbortSignal): Promise<void> {
    const { grid, policy } = options;
    const target = await whoAnswers(grid, { ...options, policy: { ...grid.policy, ...policy } }, signal);
    const question = this.#turn(id)?.question ?? "";
    const generation: GenerationRequest = {
      model: target.model,
      messages: [...before.flatMap(toMessages), { role: "user", content: question }],
      sampling: defaultSampling(target.model),
      maxTokens: defaultMaxTokens(target.offer?.contextLength),
    };
    let answer = "";
    for await (const event of grid.answer({ generation, policy }, { signal })) {
      // What was on its way when somebody pressed stop is not shown any more.
      signal.throwIfAborted();
      if (event.type === "route") {
        this.#patch(id, { routes: [...(this.#turn(id)?.routes ?? []), event.route] });
      } else if (event.type === "queued") {
        this.#patch(id, { status: "queued", queuePosition: event.position });
      } else if (event.type === "token") {
        answer += event.text;
        this.#patch(id, { status: "writing", answer });
        const provider = this.#turn(id)?.routes.at(-1)?.provider;
        if (provider) this.emit("token", { text: event.text, answer, provider });
      } else {
        const { finishReason, usage, summary } = event;
        const rate = usage.decodeMs > 0 ? ((usage.completionTokens - 1) * 1000) / usage.decodeMs : undefined;
        const turn = this.#patch(id, { status: "done", tokensPerSecond: rate });
        if (turn) this.emit("done", { turn, finishReason, usage, summary });
      }
    }
  }

  /** Marks a turn whose answer was stopped; anything else is a failure, and is thrown on. */
  #ended(id: number, thrown: unknown, signal: AbortSignal): void {
    if (signal.aborted || isAbort(thrown)) {
      const turn = this.#patch(id, { status: "stopped" });
      if (turn) this.emit("done", { turn, finishReason: "stopped", usage: undefined, summary: undefined });
      return;
    }
    const error = asMicrogridError(thrown);
    this.#patch(id, { status: "failed", error: error.message });
    this.emit("failed", error);
    throw error;
  }

  #turn(id: number): Turn | undefined {
    return this.#turns.find((turn) => turn.id === id);
  }

  #put(turn: Turn): void {
    this.#turns = [...this.#turns, turn];
    this.emit("change", this.#turns);
  }

  // A turn that was cleared away meanwhile takes no more changes.
  #patch(id: number, patch: Partial<Turn>): Turn | undefined {
    const turn = this.#turn(id);
    if (!turn) return undefined;
    const next = { ...turn, ...patch };
    this.#turns = this.#turns.map((each) => (each === turn ? next : each));
    this.emit("change", this.#turns);
    return next;
  }
}

/** Anything thrown as the error that events and callers get. */
export function asMicrogridError(thrown: unknown): MicrogridError {
  const text = `This failed for an unexpected reason: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
  const error = toMicrogridError(thrown, "internal", text);
  return error instanceof MicrogridError ? error : new MicrogridError("internal", text, { cause: thrown });
}

function toMessages({ question, answer }: Turn): ChatMessage[] {
  // A question without any answer would put two questions in a row, which chat templates refuse.
  if (answer === "") return [];
  return [
    { role: "user", content: question },
    { role: "assistant", content: answer },
  ];
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
