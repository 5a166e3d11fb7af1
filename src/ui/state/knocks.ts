/** Notices those who ask to come in, once each, so that they are seen when the room's panel is closed. */
import type { Knock, RoomState } from "../../grid";

export class KnockWatch {
  #known: ReadonlySet<string> = new Set();

  /** Who asks since the last call. Who has stopped asking and begins again is new again. */
  news(room: RoomState | undefined): readonly Knock[] {
    const knocks = room?.knocks ?? [];
    const known = this.#known;
    this.#known = new Set(knocks.map(({ did }) => did));
    return knocks.filter(({ did }) => !known.has(did));
  }
}
