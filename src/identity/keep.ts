/** Where identities are kept on this device: IndexedDB, or memory where the browser refuses it. */
import { type IDBPDatabase, openDB } from "idb";

const DATABASE = "microgrid-identity";
const STORE = "keys";

/** Keeps values that can be cloned, keys of WebCrypto among them, under names. */
export interface Keep {
  get(name: string): Promise<unknown>;
  put(name: string, value: unknown): Promise<void>;
  /** Puts the value where there is none yet; gives what is kept then. Two tabs that do so at once get the same. */
  putFirst(name: string, value: unknown): Promise<unknown>;
}

/** The keep of this device. Without IndexedDB, what is kept lives as long as the page. */
export async function openKeep(): Promise<Keep> {
  try {
    await withDatabase(async () => undefined);
    return INDEXED_KEEP;
  } catch {
    return new MemoryKeep();
  }
}

/** Keeps until the page is closed. */
export class MemoryKeep implements Keep {
  readonly #values = new Map<string, unknown>();

  async get(name: string): Promise<unknown> {
    return this.#values.get(name);
  }

  async put(name: string, value: unknown): Promise<void> {
    this.#values.set(name, value);
  }

  async putFirst(name: string, value: unknown): Promise<unknown> {
    if (!this.#values.has(name)) this.#values.set(name, value);
    return this.#values.get(name);
  }
}

const INDEXED_KEEP: Keep = {
  get: (name) => withDatabase((database) => database.get(STORE, name) as Promise<unknown>),
  put: (name, value) =>
    withDatabase(async (database) => {
      await database.put(STORE, value, name);
    }),
  putFirst: (name, value) =>
    withDatabase(async (database) => {
      const transaction = database.transaction(STORE, "readwrite");
      const first: unknown = await transaction.store.get(name);
      if (first === undefined) await transaction.store.put(value, name);
      await transaction.done;
      return first ?? value;
    }),
};

/** Opens the database for one piece of work: it is rare, and nobody has to close it. */
async function withDatabase<T>(work: (database: IDBPDatabase) => Promise<T>): Promise<T> {
  const database = await openDB(DATABASE, 1, { upgrade: (db) => void db.createObjectStore(STORE) });
  try {
    return await work(database);
  } finally {
    database.close();
  }
}
