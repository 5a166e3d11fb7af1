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

/** The key of the draft of a chat that does not exist yet. */
const NEW_DRAFT = "new";
const NO_SETTINGS: ConversationSettings = { sampling: {}, stop: [] };

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
  #list: readonly ConversationSummary[] = [];
  #current: Conversation | undefined;
  #currentId: string | undefined;
  /** Settings of a chat that does not exist yet. */
  #newSettings = NO_SETTINGS;

  constructor(options: ChatsOptions) {
    super();
    const { store, answers } = options;
    this.#options = options;
    this.#store = store;
    this.answers = answers;
    this.#cleanup = [
      store.on("change", ({ id, scope, remote }) => {
        if (scope === "list") void this.#loadList();
        // The answer that this tab is writing is shown from memory; reading it back twice a second would only cost time.
        if (id === this.#currentId && (remote || !answers.isWriting(id))) void this.#loadCurrent();
      }),
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
    return this.#current;
  }

  get currentId(): string | undefined {
    return this.#currentId;
  }

  get settings(): ConversationSettings {
    return this.#current?.settings ?? this.#newSettings;
  }

  /** The messages that are shown: the stored ones, with the running answer as it stands. */
  get messages(): readonly StoredMessage[] {
    const current = this.#current;
    if (!current) return [];
    const running = this.answers.running(current.id)?.message;
    return running ? withMessage(current.messages, running) : current.messages;
  }

  /** True while an answer is written in the conversation that is shown. */
  get writing(): boolean {
    return this.#currentId !== undefined && this.answers.isWriting(this.#currentId);
  }

  /** Shows a conversation, or a new chat. */
  async select(id: string | undefined): Promise<void> {
    if (id === this.#currentId && (id === undefined || this.#current)) return;
    this.#currentId = id;
    if (id === undefined) this.#current = undefined;
    await this.#loadCurrent();
    if (id !== undefined && id === this.#currentId && !this.#current) {
      this.#options.toast("That conversation is not on this device (any more). Here is a new one.");
      go("#/");
    }
  }

  /**
   * Sends a message of the user; makes the conversation first if there is none. If the message alone is longer than the
   * model's context, makes it a draft again, and throws `context-exceeded`.
   */
  async send(text: string): Promise<void> {
    const content = text.trim();
    if (content === "") return;
    const conversation = this.#current ?? (await this.#begin());
    if (this.answers.isWriting(conversation.id)) return;
    await this.answers.settled(conversation.id);
    const message: StoredMessage = { id: randomId(), role: "user", content, createdAt: Date.now(), status: "complete" };
    const next = await this.#store.setMessages(conversation.id, (messages) => [...messages, message]);
    if (!next) return;
    try {
      await this.#answerOrTakeBack(next, conversation);
    } catch (error) {
      await this.#store.saveDraft(conversation.messages.length > 0 ? conversation.id : NEW_DRAFT, content);
      throw error;
    }
  }

  /** Stops the answer in the conversation that is shown. */
  stop(): void {
    if (this.#currentId !== undefined) this.answers.stop(this.#currentId);
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
    return this.#current && versionOf({ ...this.#current, messages: this.messages }, messageId);
  }

  /** Shows another version of a message, with all that followed it: the next newer one if `step` is 1. */
  async showVersion(messageId: string, step: 1 | -1): Promise<void> {
    const changed = await this.#change((conversation) => showVersion(conversation, messageId, step));
    if (changed) this.#current = changed.next;
    this.#changed();
  }

  /** Remembers that a message takes too long to read as Markdown. */
  async showPlain(messageId: string): Promise<void> {
    const id = this.#currentId;
    if (id === undefined) return;
    await this.answers.settled(id);
    await this.#store.update(id, (stored) => ({
      ...stored,
      messages: stored.messages.map((each) => (each.id === messageId ? { ...each, plain: true } : each)),
    }));
  }

  /** Goes on with an answer that was cut off. */
  async continueAnswer(message: StoredMessage): Promise<void> {
    if (this.#current) await this.#run(this.#current, { continueFrom: message });
  }

  async changeSettings(settings: ConversationSettings): Promise<void> {
    const current = this.#current;
    if (!current) {
      this.#newSettings = settings;
      this.#changed();
      return;
    }
    this.#current = { ...current, settings };
    this.#changed();
    await this.#store.update(current.id, (stored) => ({ ...stored, settings }));
  }

  /** Deletes conversations, and offers to undo that. */
  async remove(...summaries: readonly ConversationSummary[]): Promise<void> {
    const ids = summaries.map(({ id }) => id);
    for (const id of ids) {
      this.answers.stop(id);
      await this.#store.remove(id);
    }
    if (this.#currentId !== undefined && ids.includes(this.#currentId)) go("#/");
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
    return this.#store.draft(this.#currentId ?? NEW_DRAFT);
  }

  /** A function that saves a draft for the chat that is shown now, even if another is shown by the time it is called. */
  draftSaver(text: string): () => Promise<void> {
    const id = this.#currentId ?? NEW_DRAFT;
    return () => this.#store.saveDraft(id, text).catch(() => undefined);
  }

  close(): void {
    for (const stop of this.#cleanup) stop();
  }

  async #begin(): Promise<Conversation> {
    await this.#store.saveDraft(NEW_DRAFT, "");
    const conversation = await this.#store.create(this.#newSettings);
    this.#newSettings = NO_SETTINGS;
    this.#currentId = conversation.id;
    this.#current = conversation;
    go(conversationRoute(conversation.id));
    return conversation;
  }

  /** Changes the conversation that is shown, unless an answer is written in it. */
  async #change(
    change: (conversation: Conversation) => Conversation,
  ): Promise<{ readonly before: Conversation; readonly next: Conversation } | undefined> {
    const id = this.#currentId;
    if (id === undefined || this.answers.isWriting(id)) return undefined;
    await this.answers.settled(id);
    const before = this.#current;
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
    else await this.#forget(before);
    throw error;
  }

  /** Removes a conversation that nothing was said in; its settings wait for the next one. */
  async #forget({ id, settings }: Conversation): Promise<void> {
    await this.#store.remove(id);
    if (id !== this.#currentId) return;
    this.#newSettings = settings;
    go("#/");
  }

  /** Resolves to the reason if no word of the answer came. */
  async #answer(conversation: Conversation, options: { readonly model?: string | undefined } = {}): Promise<unknown> {
    if (conversation.id === this.#currentId) this.#current = conversation;
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
    const current = this.#current;
    if (current?.id !== conversation) return;
    const messages = current.messages.filter((old) => old.id !== message.id);
    this.#current = { ...current, messages: [...messages, message] };
  }

  async #loadList(): Promise<void> {
    this.#list = await this.#store.list();
    this.#changed();
  }

  async #loadCurrent(): Promise<void> {
    const id = this.#currentId;
    const loaded = id === undefined ? undefined : await this.#store.get(id);
    if (id !== this.#currentId) return;
    this.#current = loaded;
    this.#changed();
  }

  #changed(): void {
    this.emit("change", undefined);
  }
}
