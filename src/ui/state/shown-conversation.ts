/** The conversation that the page shows, as it was read last, or the new chat that does not exist yet. */
import { TypedEventTarget } from "../../core";
import type { Conversation, ConversationSettings, ConversationStore } from "../../grid";

/** The key of the draft of a chat that does not exist yet. */
export const NEW_DRAFT = "new";
const NO_SETTINGS: ConversationSettings = { sampling: {}, stop: [] };

/** Emits `change` when another conversation is shown, or other content or settings. */
export class ShownConversation extends TypedEventTarget<{ change: undefined }> {
  readonly #store: ConversationStore;
  #id: string | undefined;
  #content: Conversation | undefined;
  #begunId: string | undefined;
  /** Settings of a chat that does not exist yet. */
  #newSettings = NO_SETTINGS;

  constructor(store: ConversationStore) {
    super();
    this.#store = store;
  }

  /** Undefined for a new chat. */
  get id(): string | undefined {
    return this.#id;
  }

  /** Undefined for a new chat, and until the conversation is read. */
  get content(): Conversation | undefined {
    return this.#content;
  }

  /** True if a message that was sent from the new chat has made this conversation. */
  get begun(): boolean {
    return this.#id !== undefined && this.#id === this.#begunId;
  }

  get settings(): ConversationSettings {
    return this.#content?.settings ?? this.#newSettings;
  }

  /** The id under which the draft of this chat is stored. */
  get draftId(): string {
    return this.#id ?? NEW_DRAFT;
  }

  /** Shows a conversation, or a new chat. Resolves to false if that conversation is shown, and does not exist. */
  async select(id: string | undefined): Promise<boolean> {
    if (id === this.#id && (id === undefined || this.#content)) return true;
    this.#id = id;
    this.#begunId = undefined;
    if (id === undefined) this.#content = undefined;
    await this.read();
    return id === undefined || id !== this.#id || this.#content !== undefined;
  }

  /** Reads the conversation again, since it has changed. */
  async read(): Promise<void> {
    const id = this.#id;
    const read = id === undefined ? undefined : await this.#store.get(id);
    if (id !== this.#id) return;
    this.#content = read;
    this.emit("change", undefined);
  }

  /** Makes a conversation of the new chat, and shows it. */
  async begin(): Promise<Conversation> {
    await this.#store.saveDraft(NEW_DRAFT, "");
    const conversation = await this.#store.create(this.#newSettings);
    this.#newSettings = NO_SETTINGS;
    this.#id = this.#begunId = conversation.id;
    this.#content = conversation;
    return conversation;
  }

  /** Removes a conversation that nothing was said in; if it is shown, its settings wait for the next one. */
  async takeBack({ id, settings }: Conversation): Promise<void> {
    await this.#store.remove(id);
    if (id === this.#id) this.#newSettings = settings;
  }

  /** Takes newer content of this conversation, which may be another by now. */
  update(conversation: Conversation): void {
    if (conversation.id === this.#id) this.#content = conversation;
  }

  async changeSettings(settings: ConversationSettings): Promise<void> {
    const current = this.#content;
    if (current) this.#content = { ...current, settings };
    else this.#newSettings = settings;
    this.emit("change", undefined);
    if (current) await this.#store.update(current.id, (stored) => ({ ...stored, settings }));
  }
}
