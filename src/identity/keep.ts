/** Storage of identities on this device: IndexedDB, or memory if the browser refuses IndexedDB. */
import type { DBSchema, IDBPDatabase } from "idb";
import { type DatabaseStep, isDataNewer, openSteps } from "../core/parts";

const DATABASE = "microgrid-identity";
const STORE = "keys";

interface Keys extends DBSchema {
  [STORE]: { key: string; value: unknown };
}

const STEPS: readonly DatabaseStep<Keys>[] = [(database) => void database.createObjectStore(STORE)];

/** Stores cloneable values, including WebCrypto keys, by name. */
export interface Keep {
  get(name: string): Promise<unknown>;
  put(name: string, value: unknown): Promise<void>;
  /** Stores the value if there is none yet. Returns the stored value, so two tabs that do this at once get the same one. */
  putFirst(name: string, value: unknown): Promise<unknown>;
  /** Replaces a value by what `next` makes of it, and returns the new one; nothing else writes in between, in no tab. */
  change(name: string, next: (value: unknown) => unknown): Promise<unknown>;
}

/** Opens the storage of this device. Without IndexedDB, values are lost when the page closes. Throws `data-newer`. */
export async function openKeep(): Promise<Keep> {
  try {
    await withDatabase(async () => undefined);
    return INDEXED_KEEP;
  } catch (error) {
    if (isDataNewer(error)) throw error;
    return new MemoryKeep();
  }
}

/** Stores values until the page closes. */
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

  async change(name: string, next: (value: unknown) => unknown): Promise<unknown> {
    const value = next(this.#values.get(name));
    this.#values.set(name, value);
    return value;
  }
}

const INDEXED_KEEP: Keep = {
  get: (name) => withDatabase((database) => database.get(STORE, name)),
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
  change: (name, next) =>
    withDatabase(async (database) => {
      const transaction = database.transaction(STORE, "readwrite");
      const value = next(await transaction.store.get(name));
      await transaction.store.put(value, name);
      await transaction.done;
      return value;
    }),
};

/** Opens the database for a single operation. Such operations are rare, and no caller has to close the database. */
async function withDatabase<T>(work: (database: IDBPDatabase<Keys>) => Promise<T>): Promise<T> {
  const database = await openSteps(DATABASE, STEPS);
  try {
    return await work(database);
  } finally {
    database.close();
  }
}
