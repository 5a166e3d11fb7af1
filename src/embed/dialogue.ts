/** The questions and answers of one element; they are kept in memory only. */
import { MicrogridError, TypedEventTarget, randomId, toMicrogridError, unlessAborted } from "../core";
import type {
  AnswerEvent,
  AnswerSummary,
  ChatMessage,
  GridApi,
  Policy,
  Route,
  Sampling,
  StoredMessage,
  Usage,
} from "../grid";
import { type AnswerStore, Answers, type ModelSearch, type ReadyModel, type RunningAnswer } from "../ui/parts";
import { whoAnswers } from "./who-answers";

/** A question and its answer; replaced with every change. */
export interface Turn {
  readonly id: string;
  readonly question: StoredMessage;
  readonly answer: StoredMessage | undefined;
  /** Undefined once the answer has ended. */
  readonly running: RunningAnswer | undefined;
}

/** The element's attributes, as far as they concern its questions. */
export interface AskOptions {
  readonly grid: GridApi;
  /** Id of the model, or empty for any model that the room offers. */
  readonly model: string;
  readonly policy: Partial<Policy>;
  /** Instructions for the model before the conversation; empty for none. */
  readonly system: string;
  readonly sampling: Partial<Sampling>;
  /** The loading of `model` on this device; undefined if it is not loaded here. */
  readonly load: Promise<void> | undefined;
}

type Done = Extract<AnswerEvent, { type: "done" }>;

interface DialogueEvents {
  /** Some turn changed. */
  change: undefined;
  token: {
    readonly text: string;
    readonly answer: string;
    readonly provider: Route["provider"];
    readonly message: StoredMessage;
  };
  /** An answer has ended in any way. */
  finished: StoredMessage;
  done: {
    readonly question: string;
    readonly answer: string;
    readonly finishReason: "stop" | "length" | "stopped";
    readonly usage: Usage | undefined;
    readonly summary: AnswerSummary | undefined;
  };
  failed: MicrogridError;
}

/** Asks, streams, stops. One answer at a time: a newer question stops the answer before it. */
export class Dialogue extends TypedEventTarget<DialogueEvents> {
  readonly #answers: Answers;
  readonly #options = new Map<string, Promise<AskOptions>>();
  readonly #done = new Map<string, Done>();
  #turns: readonly Omit<Turn, "running">[] = [];

  constructor() {
    super();
    this.#answers = new Answers(this.#store(), (search) => this.#find(search));
    this.#answers.on("change", () => this.emit("change", undefined));
    this.#answers.on("progress", ({ answer: { conversation, message }, event }) => {
      const provider = message.answer?.routes.at(-1)?.provider;
      if (event.type === "token" && provider) {
        this.emit("token", { text: event.text, answer: message.content, provider, message });
      } else if (event.type === "done") this.#done.set(conversation, event);
    });
  }

  get turns(): readonly Turn[] {
    return this.#turns.map((turn) => {
      const running = this.#answers.running(turn.id);
      return { ...turn, running, answer: running?.message ?? turn.answer };
    });
  }

  get busy(): boolean {
    return this.#turns.some(({ id }) => this.#answers.isWriting(id));
  }

  /** Stops the answer that is being written; the text so far stays. */
  stop(): void {
    for (const { id } of this.#turns) this.#answers.stop(id);
  }

  /** Stops, and forgets all turns. */
  clear(): void {
    this.stop();
    this.#turns = [];
    this.emit("change", undefined);
  }

  /**
   * Asks a question after those before it. `options` is awaited first, so a question may be asked while the grid is
   * still being opened. Resolves to the answer, also to a part of one that was stopped; rejects with a `MicrogridError`.
   */
  async ask(question: string, options: Promise<AskOptions>): Promise<string> {
    if (question.trim() === "") throw new MicrogridError("bad-request", "There is no question in this text.");
    this.stop();
    const id = randomId();
    // With the text of an answer that is stopped now and not saved yet.
    const before = this.turns.flatMap(answered);
    const asked: StoredMessage = {
      id: randomId(),
      role: "user",
      content: question,
      createdAt: Date.now(),
      status: "complete",
    };
    this.#options.set(id, options);
    this.#turns = [...this.#turns, { id, question: asked, answer: undefined }];
    const conversation = {
      id,
      title: "",
      createdAt: asked.createdAt,
      updatedAt: asked.createdAt,
      settings: { sampling: {}, stop: [] },
      messages: [...before, asked],
    };
    const finished = await this.#answers.run(conversation, undefined);
    this.#options.delete(id);
    const done = this.#done.get(id);
    this.#done.delete(id);
    // A turn that was cleared away meanwhile has no end to tell of.
    if (!finished || !this.#turns.some((turn) => turn.id === id)) return "";
    this.emit("finished", finished.message);
    const { content: answer, status } = finished.message;
    if (status === "failed") {
      const error = asMicrogridError(finished.error);
      this.emit("failed", error);
      throw error;
    }
    const { finishReason = "stopped", usage, summary } = done ?? {};
    this.emit("done", { question, answer, finishReason, usage, summary });
    return answer;
  }

  async #find({ conversation, signal, onWait }: ModelSearch): Promise<ReadyModel> {
    onWait();
    const options = await unlessAborted(this.#options.get(conversation)!, signal);
    const { grid, policy, sampling } = options;
    const system = systemMessages(options.system);
    const target = await whoAnswers(grid, { ...options, policy: { ...grid.policy, ...policy } }, signal);
    return {
      offer: { model: target.model, contextLength: target.offer?.contextLength, chat: target.offer?.chat },
      ask: (generation) =>
        grid.answer(
          { generation: { ...generation, sampling, messages: [...system, ...generation.messages] }, policy },
          { signal },
        ),
    };
  }

  /** Each turn is a conversation of its own to `Answers`, so that a newer one need not wait until an older one has ended. */
  #store(): AnswerStore {
    const put = (id: string, message: StoredMessage): Promise<void> => {
      this.#patch(id, { answer: message });
      return Promise.resolve();
    };
    return {
      holdAnswer: () => () => undefined,
      setMessage: put,
      setMessages: (id, change) => {
        const answer = change([]).at(-1);
        return answer ? put(id, answer) : Promise.resolve();
      },
    };
  }

  #patch(id: string, patch: Partial<Turn>): void {
    this.#turns = this.#turns.map((turn) => (turn.id === id ? { ...turn, ...patch } : turn));
    this.emit("change", undefined);
  }
}

function systemMessages(content: string): ChatMessage[] {
  return content.trim() === "" ? [] : [{ role: "system", content }];
}

/** Anything thrown, as the error that events and callers get. */
export function asMicrogridError(thrown: unknown): MicrogridError {
  const text = `This failed for an unexpected reason: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
  const error = toMicrogridError(thrown, "internal", text);
  return error instanceof MicrogridError ? error : new MicrogridError("internal", text, { cause: thrown });
}

/** A question without an answer would put two questions in a row, which chat templates refuse. */
function answered({ question, answer }: Turn): readonly StoredMessage[] {
  return answer && answer.content !== "" ? [question, answer] : [];
}
