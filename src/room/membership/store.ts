/** Keeps memberships in this browser, so that a member comes back without an invite. */
import { type IDBPDatabase, openDB } from "idb";
import type { RoomId } from "../../core";
import { type StoredMembership, readStored, storable } from "./parts";
import type { MembershipParts } from "./membership";

const DATABASE = "microgrid-rooms";
const STORE = "memberships";

/** What is kept of a room. Where the browser keeps nothing, all of these do nothing. */
export async function loadMembership(roomId: RoomId): Promise<MembershipParts | undefined> {
  try {
    const stored: unknown = await withStore((database) => database.get(STORE, roomId));
    return stored === undefined ? undefined : await readStored(stored);
  } catch {
    return undefined;
  }
}

export async function saveMembership(parts: MembershipParts): Promise<void> {
  await withStore((database) => database.put(STORE, storable(parts), parts.genesis.roomId)).catch(() => undefined);
}

export async function forgetMembership(roomId: RoomId): Promise<void> {
  await withStore((database) => database.delete(STORE, roomId)).catch(() => undefined);
}

/** All memberships, for the user's own copy. */
export async function exportMemberships(): Promise<StoredMembership[]> {
  return withStore((database) => database.getAll(STORE) as Promise<StoredMembership[]>).catch(() => []);
}

/** Takes memberships from the user's own copy; rooms that are known here already are left alone. */
export async function importMemberships(data: unknown): Promise<void> {
  if (!Array.isArray(data)) return;
  for (const entry of data) {
    const parts = await readStored(entry).catch(() => undefined);
    if (parts && !(await loadMembership(parts.genesis.roomId))) await saveMembership(parts);
  }
}

async function withStore<T>(action: (database: IDBPDatabase) => Promise<T>): Promise<T> {
  const database = await openDB(DATABASE, 1, { upgrade: (db) => void db.createObjectStore(STORE) });
  try {
    return await action(database);
  } finally {
    database.close();
  }
}
