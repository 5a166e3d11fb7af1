/** The answers that this tab is writing: asked of the grid, shown as they come, saved on the way. */
import { MicrogridError, TypedEventTarget, deferred, randomId } from "../../core";
import type { AnswerEvent, Conversation, ConversationStore, GenerationRequest, StoredMessage } from "../../grid";
import { AnswerRun, type RunningAnswer } from "./answer-run";
import type { RequestedModel } from "./models";
import { toGeneration } from "./requests";

/** Longest time between two saves of an answer that streams, ms. */
const SAVE_INTERVAL_MS = 500;

/** Where answers are saved: the grid's conversations, or any memory. */
export type AnswerStore = Pick<ConversationStore, "holdAnswer"> & {
  setMessages(id: string, change: (messages: readonly StoredMessage[]) => readonly StoredMessage[]): Promise<unknown>;
  setMessage(id: string, message: StoredMessage): Promise<unknown>;
};

/** A model that is ready to answer. */
export interface ReadyModel {
  readonly offer: RequestedModel;
  ask(generation: GenerationRequest): AsyncIterable<AnswerEvent>;
}

/** An answer that needs a model. */
export interface ModelSearch {
  /** Id of the conversation. */
  readonly conversation: string;
  /** Id of the model that should answer. */
  readonly wanted: string | undefined;
  readonly signal: AbortSignal;
  /** To be called if no model is ready yet. */
  onWait(): void;
}

/**
 * Finds the model for an answer, and waits for one if none is ready. Throws the reason why no model can answer, or the
 * signal's reason.
 */
export type FindModel = (search: ModelSearch) => Promise<ReadyModel>;

/** True if an answer failed because even the question alone is longer than the model's context. */
export function tooLong(error: unknown): boolean {
  return error instanceof MicrogridError && error.code === "context-exceeded";
}

/** An answer that has ended. */
interface FinishedAnswer {
  readonly conversation: string;
  readonly message: StoredMessage;
  /** The reason why it failed or was stopped. */
  readonly error: unknown;
}

interface AnswersEvents {
  /** The answer of this conversation has changed: told once a frame. */
  change: string;
  /** An event of the grid has been applied to an answer: told at once. */
  progress: { readonly answer: RunningAnswer; readonly event: AnswerEvent };
  finished: FinishedAnswer;
  /** An answer could not be saved, and this is the reason. Told once, until one is saved again. */
  unsaved: unknown;
}

interface Entry {
  readonly run: AnswerRun;
  readonly ended: Promise<void>;
  savedAt: number;
}

/** Runs answers, at most one per conversation. They go on when another conversation is shown. */
export class Answers extends TypedEventTarget<AnswersEvents> {
  readonly #store: AnswerStore;
  readonly #find: FindModel;
  readonly #entries = new Map<string, Entry>();
  readonly #dirty = new Set<string>();
  #frame: number | undefined;
  #unsaved = false;

  constructor(store: AnswerStore, find: FindModel) {
    super();
    this.#store = store;
    this.#find = find;
  }

  /** The model of an answer that is being given, here or elsewhere. */
  get asked(): string | undefined {
    return this.#writing().find(({ asked }) => asked !== undefined)?.asked;
  }

  /** True while an answer waits for a model to be ready. */
  get waiting(): boolean {
    return this.#writing().some(({ shown }) => shown.phase === "waiting-for-model");
  }

  /** True while an answer has lost its provider, and looks for another one. */
  get lost(): boolean {
    return this.#writing().some(({ shown }) => shown.phase === "lost");
  }

  /** The answer of a conversation that is being written or, for a moment, saved. */
  running(conversation: string): RunningAnswer | undefined {
    return this.#entries.get(conversation)?.run.shown;
  }

  /** True while an answer of that conversation is being written. */
  isWriting(conversation: string): boolean {
    return this.running(conversation)?.message.status === "streaming";
  }

  /** Stops the answer of a conversation; the text so far stays. */
  stop(conversation: string): void {
    this.#entries.get(conversation)?.run.abort.abort();
  }

  /** Resolves when the answer of a conversation has ended, or at once if none is running. */
  async settled(conversation: string): Promise<void> {
    await this.#entries.get(conversation)?.ended;
  }

  /** Saves the text so far, as when the page is about to go. */
  async flush(): Promise<void> {
    await Promise.all([...this.#entries.values()].map((entry) => this.#save(entry)));
  }

  /**
   * Answers the last user message of a conversation; with `continueFrom`, goes on with an answer that was cut off.
   * Never rejects: failures are kept in the message. Resolves to undefined if the conversation is being answered already.
   */
  async run(
    conversation: Conversation,
    wanted: string | undefined,
    continueFrom?: StoredMessage,
  ): Promise<FinishedAnswer | undefined> {
    const { id } = conversation;
    if (this.isWriting(id)) return undefined;
    if (this.#entries.has(id)) await this.settled(id);
    const begun = continueFrom ?? newAnswer();
    const run = new AnswerRun(id, begun, wanted, () => this.#changed(id));
    const ended = deferred<void>();
    const entry: Entry = { run, ended: ended.promise, savedAt: Date.now() };
    this.#entries.set(id, entry);
    this.#changed(id);
    const release = this.#store.holdAnswer(begun.id);
    let failure: unknown;
    try {
      await this.#store.setMessages(id, (messages) => withMessage(messages, run.stored));
      await this.#stream(entry, conversation, wanted);
    } catch (error) {
      failure = error;
      run.fail(error);
    }
    await this.#save(entry);
    this.#entries.delete(id);
    release();
    const finished = { conversation: id, message: run.message, error: failure };
    this.emit("finished", finished);
    this.emit("change", id);
    ended.resolve();
    return finished;
  }

  async #stream(entry: Entry, conversation: Conversation, wanted: string | undefined): Promise<void> {
    const { run } = entry;
    const { signal } = run.abort;
    const search = { conversation: conversation.id, wanted, signal, onWait: () => run.waitForModel() };
    const { offer, ask } = await this.#find(search);
    run.ask(offer.model, (conversation.settings.systemPrompt?.trim() ?? "") !== "");
    for await (const event of ask(toGeneration(conversation, run.message.id, offer, run.resume))) {
      // Text that was on its way when the answer was stopped is not shown any more.
      signal.throwIfAborted();
      run.apply(event);
      this.emit("progress", { answer: run.shown, event });
      if (Date.now() - entry.savedAt >= SAVE_INTERVAL_MS) void this.#save(entry);
    }
    signal.throwIfAborted();
  }

  async #save(entry: Entry): Promise<void> {
    const { run } = entry;
    entry.savedAt = Date.now();
    if (run.message.status !== "streaming") run.settle();
    try {
      await this.#store.setMessage(run.shown.conversation, run.stored);
      this.#unsaved = false;
    } catch (error) {
      // The answer goes on; the person decides what to do about it.
      if (!this.#unsaved) this.emit("unsaved", error);
      this.#unsaved = true;
    }
  }

  #writing(): AnswerRun[] {
    return [...this.#entries.values()].map(({ run }) => run).filter(({ message }) => message.status === "streaming");
  }

  /** Tells listeners at most once a frame. Hidden pages have no frames, and nobody is looking at them. */
  #changed(conversation: string): void {
    this.#dirty.add(conversation);
    if (this.#frame !== undefined) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = undefined;
      const dirty = [...this.#dirty];
      this.#dirty.clear();
      for (const each of dirty) this.emit("change", each);
    });
  }
}

function newAnswer(): StoredMessage {
  return { id: randomId(), role: "assistant", content: "", createdAt: Date.now(), status: "streaming" };
}

/** The messages with this one in its place, or at the end if it is new. */
export function withMessage(messages: readonly StoredMessage[], message: StoredMessage): StoredMessage[] {
  return messages.some(({ id }) => id === message.id)
    ? messages.map((old) => (old.id === message.id ? message : old))
    : [...messages, message];
}
