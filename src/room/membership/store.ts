/** Keeps memberships in this browser, so that a member comes back without an invite. */
import type { DBSchema, IDBPDatabase } from "idb";
import { MicrogridError, type RoomId } from "../../core";
import { type DatabaseStep, isDataNewer, openSteps } from "../../core/parts";
import { type StoredMembership, readStored, storable } from "./parts";
import type { MembershipParts } from "./membership";

const DATABASE = "microgrid-rooms";
const STORE = "memberships";

interface Memberships extends DBSchema {
  [STORE]: { key: string; value: StoredMembership };
}

const STEPS: readonly DatabaseStep<Memberships>[] = [(database) => void database.createObjectStore(STORE)];
/** Rooms in a backup. */
const MAX_KEPT_ROOMS = 10_000;

/** Call it before rooms are used. Throws `data-newer`: this version neither reads nor writes the memberships of a newer one. */
export async function checkMemberships(): Promise<void> {
  await withStore(async () => undefined).catch((error: unknown) => {
    if (isDataNewer(error)) throw error;
  });
}

/** The stored membership of a room. If the browser stores nothing, there is none. */
export async function loadMembership(roomId: RoomId): Promise<MembershipParts | undefined> {
  try {
    const stored: unknown = await withStore((database) => database.get(STORE, roomId));
    return stored === undefined ? undefined : await readStored(stored);
  } catch {
    return undefined;
  }
}

/** Throws what the browser says if it stores nothing, or has no space left. */
export async function saveMembership(parts: MembershipParts): Promise<void> {
  await withStore((database) => database.put(STORE, storable(parts), parts.genesis.roomId));
}

export async function forgetMembership(roomId: RoomId): Promise<void> {
  await withStore((database) => database.delete(STORE, roomId)).catch(() => undefined);
}

/** A room that is kept. */
interface KeptRoom {
  readonly id: RoomId;
  readonly name: string;
}

/** The rooms that are kept. */
export async function keptRooms(): Promise<KeptRoom[]> {
  const all = await Promise.all((await exportMemberships()).map((stored) => readStored(stored).catch(() => undefined)));
  return all.flatMap((parts) => (parts ? [{ id: parts.genesis.roomId, name: parts.charter.terms.name }] : []));
}

/** All memberships, for the user's own copy. */
export async function exportMemberships(): Promise<StoredMembership[]> {
  return withStore((database) => database.getAll(STORE)).catch(() => []);
}

/** Memberships of rooms that are not known here yet. */
interface NewMemberships {
  readonly names: readonly string[];
  keep(): Promise<void>;
}

/** Reads memberships from the user's own copy. Throws `bad-request` where the data is not what `exportMemberships` gave. */
export async function readMemberships(data: unknown): Promise<NewMemberships> {
  if (!Array.isArray(data) || data.length > MAX_KEPT_ROOMS) {
    throw new MicrogridError("bad-request", "The rooms in this backup are damaged. Nothing was changed.");
  }
  const all = await Promise.all(data.map((entry: unknown) => readStored(entry).catch(() => undefined)));
  const unknown: MembershipParts[] = [];
  for (const parts of all) if (parts && !(await loadMembership(parts.genesis.roomId))) unknown.push(parts);
  return {
    names: unknown.map(({ charter }) => charter.terms.name),
    keep: async () => {
      try {
        for (const parts of unknown) await saveMembership(parts);
      } catch (cause) {
        const text = "This browser cannot store the rooms of this backup, probably because it has no space left.";
        throw new MicrogridError("storage-unavailable", text, { cause });
      }
    },
  };
}

async function withStore<T>(action: (database: IDBPDatabase<Memberships>) => Promise<T>): Promise<T> {
  const database = await openSteps(DATABASE, STEPS);
  try {
    return await action(database);
  } finally {
    database.close();
  }
}
