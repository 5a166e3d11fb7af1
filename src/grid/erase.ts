/** Deletes all that Microgrid has stored in this browser: conversations, models, keys, rooms, settings. */
import { openDB } from "idb";

/** Names of databases and of keys in `localStorage` begin with this. */
const PREFIX = "microgrid";
/** Caches in which WebLLM keeps its models. */
const CACHE_PREFIX = "webllm/";
/** The folder of models in the origin's private file system. */
const FOLDER = "models";

/** Call it while no grid is open in any tab. A kind of storage that the browser refuses is left out. */
export async function eraseAll(): Promise<void> {
  await Promise.allSettled([emptyDatabases(), removeFiles(), removeCaches()]);
  for (const storage of [localStorage, sessionStorage]) {
    for (const key of Object.keys(storage)) if (key.startsWith(PREFIX)) storage.removeItem(key);
  }
}

/** Emptied and not deleted: a connection that is still open elsewhere would block a deletion. */
async function emptyDatabases(): Promise<void> {
  const all = await indexedDB.databases();
  for (const { name } of all) {
    if (!name?.startsWith(PREFIX)) continue;
    const database = await openDB(name);
    const stores = [...database.objectStoreNames];
    if (stores.length > 0) {
      const transaction = database.transaction(stores, "readwrite");
      await Promise.all(stores.map((store) => transaction.objectStore(store).clear()));
      await transaction.done;
    }
    database.close();
  }
}

async function removeFiles(): Promise<void> {
  const origin = await navigator.storage.getDirectory();
  await origin.removeEntry(FOLDER, { recursive: true });
}

async function removeCaches(): Promise<void> {
  for (const name of await caches.keys()) if (name.startsWith(CACHE_PREFIX)) await caches.delete(name);
}
