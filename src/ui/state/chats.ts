/** The conversations of this browser: the list, the one that is shown, and all that is done to its messages. */
import { TypedEventTarget, randomId } from "../../core";
import type {
  Conversation,
  ConversationSettings,
  ConversationStore,
  ConversationSummary,
  MessageVersion,
  StoredMessage,
} from "../../grid";
import { setAside, showVersion, versionOf } from "../../grid/parts";
import { conversationRoute, go } from "../routes";
import { type Answers, tooLong, withMessage } from "./answers";
import type { Toast } from "./panels";
import { NEW_DRAFT, ShownConversation } from "./shown-conversation";

/** A conversation before and after a change. */
interface Change {
  readonly before: Conversation;
  readonly next: Conversation;
}

/** The parts of the page that conversations need. */
interface ChatsOptions {
  readonly store: ConversationStore;
  readonly answers: Answers;
  /** The model for conversations that do not name one. */
  lastModel(): string | undefined;
  toast(text: string, action?: Toast["action"]): void;
}

export class Chats extends TypedEventTarget<{ change: undefined }> {
  readonly answers: Answers;
  readonly #options: ChatsOptions;
  readonly #store: ConversationStore;
  readonly #cleanup: (() => void)[];
  readonly #shown: ShownConversation;
  #list: readonly ConversationSummary[] = [];
  #sending = false;

  constructor(options: ChatsOptions) {
    super();
    const { store, answers } = options;
    this.#options = options;
    this.#store = store;
    this.#shown = new ShownConversation(store);
    this.answers = answers;
    this.#cleanup = [
      store.on("change", ({ id, scope, remote }) => {
        if (scope === "list") void this.#loadList();
        // The answer that this tab is writing is shown from memory; reading it back twice a second would only cost time.
        if (id === this.currentId && (remote || !answers.isWriting(id))) void this.#shown.read();
      }),
      this.#shown.on("change", () => this.#changed()),
      answers.on("finished", ({ conversation, message }) => this.#adopt(conversation, message)),
      answers.on("change", () => this.#changed()),
    ];
    void this.#loadList();
  }

  get list(): readonly ConversationSummary[] {
    return this.#list;
  }

  /** The conversation that is shown; undefined for a new chat. */
  get current(): Conversation | undefined {
    return this.#shown.content;
  }

  get currentId(): string | undefined {
    return this.#shown.id;
  }

  /** True if a message that was sent from the new chat has made the conversation that is shown. */
  get begun(): boolean {
    return this.#shown.begun;
  }

  get settings(): ConversationSettings {
    return this.#shown.settings;
  }

  /** The messages that are shown: the stored ones, with the running answer as it stands. */
  get messages(): readonly StoredMessage[] {
    const { current } = this;
    if (!current) return [];
    const running = this.answers.running(current.id)?.message;
    return running ? withMessage(current.messages, running) : current.messages;
  }

  /** True while an answer is written in the conversation that is shown. */
  get writing(): boolean {
    return this.currentId !== undefined && this.answers.isWriting(this.currentId);
  }

  /** Shows a conversation, or a new chat. */
  async select(id: string | undefined): Promise<void> {
    if (await this.#shown.select(id)) return;
    this.#options.toast("That conversation is not on this device (any more). Here is a new one.");
    go("#/");
  }

  /**
   * Sends a message of the user; makes the conversation first if there is none. Resolves when the answer has ended; at once
   * and to false if the message is not taken, since it is empty, the one before is still being sent or answered, or the
   * conversation was deleted. If the message alone is longer than the model's context, makes it a draft again, and throws
   * `context-exceeded`.
   */
  async send(text: string): Promise<boolean> {
    const content = text.trim();
    if (content === "" || this.#sending || this.writing) return false;
    this.#sending = true;
    const added = await this.#add(content).finally(() => (this.#sending = false));
    if (!added) return false;
    const { before, next } = added;
    try {
      await this.#answerOrTakeBack(next, before);
    } catch (error) {
      await this.#store.saveDraft(before.messages.length > 0 ? before.id : NEW_DRAFT, content);
      throw error;
    }
    return true;
  }

  /** Stops the answer in the conversation that is shown. */
  stop(): void {
    if (this.currentId !== undefined) this.answers.stop(this.currentId);
  }

  /** Answers the last user message again, with `model` if it is ready; the answer so far stays as another version. */
  async regenerate(model?: string): Promise<void> {
    const changed = await this.#change((conversation) => {
      const { messages } = conversation;
      const answer = messages[messages.findLastIndex(({ role }) => role === "user") + 1];
      return answer ? setAside(conversation, answer.id) : conversation;
    });
    if (changed) await this.#answer(changed.next, { model });
  }

  /**
   * Makes another version of a user message and answers it. Takes that back and throws `context-exceeded` if the message
   * alone is longer than the model's context.
   */
  async edit(messageId: string, content: string): Promise<void> {
    const changed = await this.#change((conversation) => {
      const edited = conversation.messages.find(({ id }) => id === messageId);
      if (!edited) return conversation;
      const rest = setAside(conversation, messageId);
      const version = { ...edited, id: randomId(), content: content.trim(), createdAt: Date.now() };
      return { ...rest, messages: [...rest.messages, version] };
    });
    if (!changed) return;
    const { before, next } = changed;
    this.#options.toast("Message edited", { label: "Undo", run: () => void this.#restore(before) });
    await this.#answerOrTakeBack(next, before);
  }

  /** Where a message that is shown stands among its versions. */
  versionOf(messageId: string): MessageVersion | undefined {
    return this.current && versionOf({ ...this.current, messages: this.messages }, messageId);
  }

  /** Shows another version of a message, with all that followed it: the next newer one if `step` is 1. */
  async showVersion(messageId: string, step: 1 | -1): Promise<void> {
    const changed = await this.#change((conversation) => showVersion(conversation, messageId, step));
    if (changed) this.#shown.update(changed.next);
    this.#changed();
  }

  /** Remembers that a message takes too long to read as Markdown. */
  async showPlain(messageId: string): Promise<void> {
    const id = this.currentId;
    if (id === undefined) return;
    await this.answers.settled(id);
    await this.#store.update(id, (stored) => ({
      ...stored,
      messages: stored.messages.map((each) => (each.id === messageId ? { ...each, plain: true } : each)),
    }));
  }

  /** Goes on with an answer that was cut off. */
  async continueAnswer(message: StoredMessage): Promise<void> {
    if (this.current) await this.#run(this.current, { continueFrom: message });
  }

  changeSettings(settings: ConversationSettings): Promise<void> {
    return this.#shown.changeSettings(settings);
  }

  /** Deletes conversations, and offers to undo that. */
  async remove(...summaries: readonly ConversationSummary[]): Promise<void> {
    const ids = summaries.map(({ id }) => id);
    for (const id of ids) {
      this.answers.stop(id);
      await this.#store.remove(id);
    }
    if (this.currentId !== undefined && ids.includes(this.currentId)) go("#/");
    const [only, ...others] = summaries;
    if (!only) return;
    const undo = async (): Promise<void> => {
      for (const id of ids) await this.#store.undoRemove(id);
      if (others.length === 0) go(conversationRoute(only.id));
    };
    const what = others.length === 0 ? `“${only.title}”` : `${ids.length} conversations`;
    this.#options.toast(`Deleted ${what}`, { label: "Undo", run: () => void undo() });
  }

  draft(): Promise<string> {
    return this.#store.draft(this.#shown.draftId);
  }

  /** A function that saves a draft for the chat that is shown now, even if another is shown by the time it is called. */
  draftSaver(text: string): () => Promise<void> {
    const id = this.#shown.draftId;
    return () => this.#store.saveDraft(id, text).catch(() => undefined);
  }

  close(): void {
    for (const stop of this.#cleanup) stop();
  }

  /** Adds a message of the user to the conversation that is shown. */
  async #add(content: string): Promise<Change | undefined> {
    const before = this.current ?? (await this.#begin());
    await this.answers.settled(before.id);
    const message: StoredMessage = { id: randomId(), role: "user", content, createdAt: Date.now(), status: "complete" };
    const next = await this.#store.setMessages(before.id, (messages) => [...messages, message]);
    return next && { before, next };
  }

  async #begin(): Promise<Conversation> {
    const conversation = await this.#shown.begin();
    go(conversationRoute(conversation.id));
    return conversation;
  }

  /** Changes the conversation that is shown, unless an answer is written in it. */
  async #change(change: (conversation: Conversation) => Conversation): Promise<Change | undefined> {
    const id = this.currentId;
    if (id === undefined || this.answers.isWriting(id)) return undefined;
    await this.answers.settled(id);
    const before = this.current;
    if (before?.id !== id) return undefined;
    const next = await this.#store.update(id, (stored) => ({ ...change(stored), updatedAt: Date.now() }));
    return next && { before, next };
  }

  async #restore(before: Conversation): Promise<void> {
    this.answers.stop(before.id);
    await this.answers.settled(before.id);
    const { messages, asides = [] } = before;
    await this.#store.update(before.id, (stored) => ({ ...stored, messages, asides, updatedAt: Date.now() }));
  }

  /** Answers; if the last message alone is too long for the model, restores what was before, and throws why. */
  async #answerOrTakeBack(conversation: Conversation, before: Conversation): Promise<void> {
    const error = await this.#answer(conversation);
    if (!tooLong(error)) return;
    if (before.messages.length > 0) await this.#restore(before);
    else {
      await this.#shown.takeBack(before);
      if (before.id === this.currentId) go("#/");
    }
    throw error;
  }

  /** Resolves to the reason if no word of the answer came. */
  async #answer(conversation: Conversation, options: { readonly model?: string | undefined } = {}): Promise<unknown> {
    this.#shown.update(conversation);
    return this.#run(conversation, options);
  }

  async #run(
    conversation: Conversation,
    { model, continueFrom }: { readonly model?: string | undefined; readonly continueFrom?: StoredMessage },
  ): Promise<unknown> {
    const wanted = model ?? conversation.settings.model ?? this.#options.lastModel();
    const finished = await this.answers.run(conversation, wanted, continueFrom);
    return finished?.message.content === "" ? finished.error : undefined;
  }

  /** Shows a finished answer at once, before the store tells of it. */
  #adopt(conversation: string, message: StoredMessage): void {
    const { current } = this;
    if (current?.id !== conversation) return;
    const messages = current.messages.filter((old) => old.id !== message.id);
    this.#shown.update({ ...current, messages: [...messages, message] });
  }

  async #loadList(): Promise<void> {
    this.#list = await this.#store.list();
    this.#changed();
  }

  #changed(): void {
    this.emit("change", undefined);
  }
}
