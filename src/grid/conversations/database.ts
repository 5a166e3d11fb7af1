/** Storage of conversations: IndexedDB, or memory if the browser does not allow IndexedDB. */
import type { DBSchema, IDBPDatabase } from "idb";
import { type DatabaseStep, openSteps } from "../../core/parts";
import type { Conversation } from "./schema";

interface ConversationDatabase extends DBSchema {
  conversations: { key: string; value: Conversation };
  drafts: { key: string; value: string };
}

/** A change of one conversation, which runs within a single transaction. */
type Change = (current: Conversation | undefined) => Conversation | undefined;

/** The operations that the store needs from its database. */
export interface ConversationDatabaseApi {
  all(): Promise<Conversation[]>;
  get(id: string): Promise<Conversation | undefined>;
  /** Applies `change` in one transaction; undefined deletes. Returns what is stored afterwards. */
  update(id: string, change: Change): Promise<Conversation | undefined>;
  draft(id: string): Promise<string>;
  saveDraft(id: string, text: string): Promise<void>;
  close(): void;
}

const STEPS: readonly DatabaseStep<ConversationDatabase>[] = [
  (database) => {
    database.createObjectStore("conversations", { keyPath: "id" });
    database.createObjectStore("drafts");
  },
];

/**
 * Opens the database. Throws `data-newer`, and the browser's error if it has no IndexedDB or refuses it, as some private
 * windows do.
 */
export async function openDatabase(name: string): Promise<ConversationDatabaseApi> {
  return new IndexedDatabase(await openSteps(name, STEPS));
}

class IndexedDatabase implements ConversationDatabaseApi {
  readonly #database: IDBPDatabase<ConversationDatabase>;

  constructor(database: IDBPDatabase<ConversationDatabase>) {
    this.#database = database;
  }

  all(): Promise<Conversation[]> {
    return this.#database.getAll("conversations");
  }

  get(id: string): Promise<Conversation | undefined> {
    return this.#database.get("conversations", id);
  }

  async update(id: string, change: Change): Promise<Conversation | undefined> {
    const transaction = this.#database.transaction("conversations", "readwrite");
    const next = change(await transaction.store.get(id));
    if (next) void transaction.store.put(next);
    else void transaction.store.delete(id);
    await transaction.done;
    return next;
  }

  async draft(id: string): Promise<string> {
    return (await this.#database.get("drafts", id)) ?? "";
  }

  async saveDraft(id: string, text: string): Promise<void> {
    if (text === "") await this.#database.delete("drafts", id);
    else await this.#database.put("drafts", text, id);
  }

  close(): void {
    this.#database.close();
  }
}

/** Keeps conversations in memory until the page closes. */
export class MemoryDatabase implements ConversationDatabaseApi {
  readonly #conversations = new Map<string, Conversation>();
  readonly #drafts = new Map<string, string>();

  all(): Promise<Conversation[]> {
    return Promise.resolve([...this.#conversations.values()]);
  }

  get(id: string): Promise<Conversation | undefined> {
    return Promise.resolve(this.#conversations.get(id));
  }

  update(id: string, change: Change): Promise<Conversation | undefined> {
    const next = change(this.#conversations.get(id));
    if (next) this.#conversations.set(id, next);
    else this.#conversations.delete(id);
    return Promise.resolve(next);
  }

  draft(id: string): Promise<string> {
    return Promise.resolve(this.#drafts.get(id) ?? "");
  }

  saveDraft(id: string, text: string): Promise<void> {
    this.#drafts.set(id, text);
    return Promise.resolve();
  }

  close(): void {
    this.#conversations.clear();
  }
}
