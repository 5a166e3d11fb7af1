/** Remembers how the user shares each room, which room to go back to, and how many answers this device gave today. */
import * as v from "valibot";
import { readKept, writeKept } from "../local-store";
import { ShareOptionsSchema } from "../schemas";
import { keptRooms } from "../../room";
import type { StateStore } from "../state-store";
import type { GridState, ShareOptions } from "../types";

const SHARES_KEY = "microgrid.shares";
const LAST_ROOM_KEY = "microgrid.last-room";
const ANSWERED_KEY = "microgrid.answered";

/** Rooms whose sharing is remembered; the oldest are forgotten. */
const MAX_ROOMS = 50;

const Shares = v.record(v.string(), ShareOptionsSchema);
const Room = v.object({ id: v.string(), name: v.string() });
const Answered = v.object({ day: v.string(), count: v.pipe(v.number(), v.integer(), v.minValue(0)) });

/** How this device was shared in a room; undefined if it was not, or if that is not known. */
export function recallShare(roomId: string): ShareOptions | undefined {
  return shares()[roomId];
}

/** Undefined forgets it. */
export function rememberShare(roomId: string, share: ShareOptions | undefined): void {
  const { [roomId]: _before, ...others } = shares();
  const entries = Object.entries(others).slice(1 - MAX_ROOMS);
  writeKept("local", SHARES_KEY, Object.fromEntries(share ? [...entries, [roomId, share]] : entries));
}

/** The room that is open, for the next visit, and the one that was open at the last. */
export class LastRoom {
  readonly #store: StateStore;

  constructor(store: StateStore) {
    this.#store = store;
  }

  /** Offers to go back, if the room can still be entered, and none is open by then. */
  async offer(isOpen: () => boolean): Promise<void> {
    const last = parsed(Room, readKept("local", LAST_ROOM_KEY));
    const kept = await keptRooms();
    if (last && !isOpen() && kept.some(({ id }) => id === last.id)) this.#store.patch({ returnTo: last });
  }

  /** Keeps the room that is open now; undefined if the user has left it. */
  set(room: GridState["returnTo"]): void {
    writeKept("local", LAST_ROOM_KEY, room);
    if (this.#store.state.returnTo) this.#store.patch({ returnTo: undefined });
  }

  /** The room is not to be offered any more. */
  forget(id: string): void {
    if (parsed(Room, readKept("local", LAST_ROOM_KEY))?.id === id) this.set(undefined);
  }
}

/** The number of answers that this device has given to others on the day of `now`. */
export function answeredToday(now = new Date()): number {
  const stored = parsed(Answered, readKept("local", ANSWERED_KEY));
  return stored?.day === dayOf(now) ? stored.count : 0;
}

/** Counts one answer for somebody else. */
export function countAnswer(now = new Date()): void {
  writeKept("local", ANSWERED_KEY, { day: dayOf(now), count: answeredToday(now) + 1 });
}

function shares(): v.InferOutput<typeof Shares> {
  return parsed(Shares, readKept("local", SHARES_KEY)) ?? {};
}

/** The day where the user is. */
function dayOf(date: Date): string {
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()].join("-");
}

function parsed<S extends v.GenericSchema>(schema: S, value: unknown): v.InferOutput<S> | undefined {
  const result = v.safeParse(schema, value);
  return result.success ? result.output : undefined;
}
