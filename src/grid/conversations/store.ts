/** The conversations of this browser profile, shared by all its tabs. */
import * as v from "valibot";
import { TypedEventTarget, randomId } from "../../core";
import { isDataNewer } from "../../core/parts";
import { FieldsArgument, TextArgument, checkArgument } from "../../node";
import { arrival } from "./arrival";
import { answerLeft, holdAnswer, isOwnAnswer, liveAnswers } from "./answer-locks";
import { MemoryDatabase, openDatabase, type ConversationDatabaseApi } from "./database";
import {
  type Conversation,
  type ConversationSettings,
  type ConversationSummary,
  type StoredMessage,
  conversationSchema,
  messageSchema,
} from "./schema";
import { searchConversations, titleFrom } from "./titles";
import { toMarkdown } from "./markdown";
import { fromJson, toJson } from "./transfer";

/** A change of the list (titles, order, number) or only of the content of one conversation. */
interface ConversationChange {
  readonly id: string;
  readonly scope: "list" | "content";
  /** True if another tab made the change. */
  readonly remote: boolean;
}

const ChangeArgument = v.function("a function");
const IdsArgument = v.optional(v.array(TextArgument, "a list of texts"));

interface ConversationEvents {
  change: ConversationChange;
}

interface ConversationStoreOptions {
  /** Name of the database; default `microgrid-conversations`. */
  readonly name?: string;
}

/**
 * The conversations of this browser profile, in IndexedDB. Use it to show, save or search chats: `grid.conversations` is the
 * store of the page's own chat. Each change is one transaction and is announced to the other tabs, so tabs never overwrite each
 * other's messages. If the browser refuses IndexedDB, conversations live in memory and `persistent` is false: tell the user.
 *
 * ```js
 * const { conversations } = window.microgrid;
 * const stop = conversations.on("change", ({ id, scope }) => console.log(id, scope));
 * const [found] = await conversations.search("kitchen table");
 * if (found) console.log((await conversations.get(found.id)).messages.at(-1)?.content);
 * stop();
 * ```
 */
export class ConversationStore extends TypedEventTarget<ConversationEvents> {
  /** False if conversations are lost when the page closes. */
  readonly persistent: boolean;
  readonly #database: ConversationDatabaseApi;
  readonly #channel: BroadcastChannel | undefined;
  readonly #watched = new Set<string>();
  readonly #removed = new Map<string, Conversation>();

  private constructor(database: ConversationDatabaseApi, persistent: boolean, name: string) {
    super();
    this.#database = database;
    this.persistent = persistent;
    this.#channel = persistent && "BroadcastChannel" in globalThis ? new BroadcastChannel(name) : undefined;
    this.#channel?.addEventListener("message", (event: MessageEvent<unknown>) => {
      const change = event.data as Partial<ConversationChange>;
      if (typeof change.id === "string")
        this.emit("change", { id: change.id, scope: change.scope ?? "list", remote: true });
    });
  }

  /** Opens the store. Falls back to memory if the browser refuses storage. Throws `data-newer`. */
  static async open(options: ConversationStoreOptions = {}): Promise<ConversationStore> {
    const name = options.name ?? "microgrid-conversations";
    try {
      return new ConversationStore(await openDatabase(name), true, name);
    } catch (error) {
      if (isDataNewer(error)) throw error;
      return new ConversationStore(new MemoryDatabase(), false, name);
    }
  }

  /** Lists all conversations, the most recently used first. */
  async list(): Promise<ConversationSummary[]> {
    const all = await this.#database.all();
    return all.map(({ id, title, updatedAt }) => ({ id, title, updatedAt })).sort((a, b) => b.updatedAt - a.updatedAt);
  }

  /** Lists the conversations that contain every word of `query` in their title or messages, the most recently used first. */
  async search(query: string): Promise<ConversationSummary[]> {
    text(query, "search");
    return searchConversations(await this.#database.all(), query);
  }

  /** Reads one conversation. Answers whose tab is gone have the status `interrupted`. */
  async get(id: string): Promise<Conversation | undefined> {
    text(id, "get");
    const conversation = await this.#database.get(id);
    if (!conversation?.messages.some((message) => message.status === "streaming")) return conversation;
    const live = await liveAnswers();
    for (const { id: messageId, status } of conversation.messages) {
      if (status === "streaming" && live.has(messageId) && !isOwnAnswer(messageId)) this.#watch(id, messageId);
    }
    const messages = conversation.messages.map((message) =>
      message.status === "streaming" && !live.has(message.id)
        ? { ...message, status: "interrupted" as const }
        : message,
    );
    return { ...conversation, messages };
  }

  /** Makes and stores an empty conversation. */
  async create(settings: Partial<ConversationSettings> = {}): Promise<Conversation> {
    check(FieldsArgument, settings, "create");
    const now = Date.now();
    const conversation: Conversation = {
      id: randomId(),
      title: "New chat",
      createdAt: now,
      updatedAt: now,
      settings: { sampling: {}, stop: [], ...settings },
      messages: [],
    };
    await this.put(conversation);
    return conversation;
  }

  /** Stores a whole conversation; replaces one with the same id. */
  async put(conversation: Conversation): Promise<void> {
    check(conversationSchema, conversation, "put");
    await this.#database.update(conversation.id, () => conversation);
    this.#tell(conversation.id, "list");
  }

  /**
   * Changes a conversation in one transaction. `change` receives the stored conversation, including other tabs' changes.
   * Resolves to undefined if the conversation was deleted in the meantime.
   */
  async update(id: string, change: (current: Conversation) => Conversation): Promise<Conversation | undefined> {
    text(id, "update");
    check(ChangeArgument, change, "update");
    let listed = false;
    const next = await this.#database.update(id, (current) => {
      if (!current) return undefined;
      const changed = change(current);
      check(FieldsArgument, changed, "update");
      const first = changed.messages.find((message) => message.role === "user");
      const title = !changed.renamed && first ? titleFrom(first.content) : changed.title;
      listed = title !== current.title || changed.updatedAt !== current.updatedAt;
      return { ...changed, title };
    });
    if (next) this.#tell(id, listed ? "list" : "content");
    return next;
  }

  /** Replaces the messages and marks the conversation as used now. */
  async setMessages(
    id: string,
    change: (messages: readonly StoredMessage[]) => readonly StoredMessage[],
  ): Promise<Conversation | undefined> {
    check(ChangeArgument, change, "setMessages");
    return this.update(id, (current) => ({ ...current, messages: change(current.messages), updatedAt: Date.now() }));
  }

  /** Replaces one message; use it while an answer streams. Does nothing if the message was deleted. */
  async setMessage(id: string, message: StoredMessage): Promise<Conversation | undefined> {
    check(messageSchema, message, "setMessage");
    return this.update(id, (current) => ({
      ...current,
      messages: current.messages.map((old) => (old.id === message.id ? message : old)),
    }));
  }

  /** Renames a conversation; its title then no longer follows its first message. Ignores an empty title. */
  async rename(id: string, title: string): Promise<void> {
    text(id, "rename");
    text(title, "rename");
    const trimmed = title.trim().slice(0, 200);
    if (trimmed !== "") await this.update(id, (current) => ({ ...current, title: trimmed, renamed: true }));
    this.#tell(id, "list");
  }

  /** Deletes a conversation. `undoRemove` can restore it until this page closes. */
  async remove(id: string): Promise<void> {
    text(id, "remove");
    await this.#database.update(id, (current) => {
      if (current) this.#removed.set(id, current);
      return undefined;
    });
    this.#tell(id, "list");
  }

  /** Restores a conversation that this page has deleted. */
  async undoRemove(id: string): Promise<void> {
    text(id, "undoRemove");
    const conversation = this.#removed.get(id);
    if (!conversation) return;
    this.#removed.delete(id);
    await this.put(conversation);
  }

  /** The text that was typed but not sent. The id `new` is the draft of a chat that does not exist yet. */
  async draft(id: string): Promise<string> {
    text(id, "draft");
    return this.#database.draft(id);
  }

  /** Stores the text that was typed but not sent. */
  async saveDraft(id: string, draft: string): Promise<void> {
    text(id, "saveDraft");
    text(draft, "saveDraft");
    return this.#database.saveDraft(id, draft);
  }

  /** Marks an answer as being written by this tab until the returned function is called. */
  holdAnswer(messageId: string): () => void {
    return holdAnswer(messageId);
  }

  /** Returns an export file with these conversations, or with all. */
  async exportJson(ids?: readonly string[]): Promise<string> {
    check(IdsArgument, ids, "exportJson");
    const all = await this.#database.all();
    return toJson(ids ? all.filter((conversation) => ids.includes(conversation.id)) : all);
  }

  /** Returns a conversation as Markdown; undefined if it is not here. */
  async exportMarkdown(id: string): Promise<string | undefined> {
    const conversation = await this.get(id);
    return conversation && toMarkdown(conversation);
  }

  /**
   * Adds the conversations of an export file and returns the ids that they have here. Existing messages are never lost.
   * Throws `bad-request`, and adds nothing, if the file is not valid.
   */
  async importJson(file: string): Promise<string[]> {
    return (await this.readJson(file).bringIn()).ids;
  }

  /**
   * Checks an export file, and counts its conversations. `bringIn` imports them, as `importJson` does, and also says how many
   * were added or have grown. Throws `bad-request`.
   */
  readJson(file: string): {
    readonly count: number;
    bringIn(): Promise<{ readonly ids: string[]; readonly changed: number }>;
  } {
    text(file, "readJson");
    const brought = fromJson(file);
    const bringIn = async (): Promise<{ readonly ids: string[]; readonly changed: number }> => {
      const here = new Map((await this.#database.all()).map((conversation) => [conversation.id, conversation]));
      const ids = new Set<string>();
      const changed = new Set<string>();
      for (const conversation of brought) {
        const { id, store } = await arrival(conversation, (known) => here.get(known));
        ids.add(id);
        if (!store) continue;
        here.set(id, store);
        changed.add(id);
        await this.put(store);
      }
      return { ids: [...ids], changed: changed.size };
    };
    return { count: brought.length, bringIn };
  }

  close(): void {
    this.#watched.clear();
    this.#channel?.close();
    this.#database.close();
  }

  /** Emits a change when the tab that writes an answer has released its lock. */
  #watch(id: string, messageId: string): void {
    if (this.#watched.has(messageId)) return;
    this.#watched.add(messageId);
    void answerLeft(messageId)
      .catch(() => undefined)
      .finally(() => {
        if (this.#watched.delete(messageId)) this.emit("change", { id, scope: "content", remote: true });
      });
  }

  #tell(id: string, scope: ConversationChange["scope"]): void {
    this.#channel?.postMessage({ id, scope });
    this.emit("change", { id, scope, remote: false });
  }
}

/** Checks an argument of a public method. Throws `bad-request`. */
function check(schema: v.GenericSchema, argument: unknown, method: string): void {
  checkArgument(schema, argument, `conversations.${method}`);
}

function text(argument: unknown, method: string): void {
  check(TextArgument, argument, method);
}
