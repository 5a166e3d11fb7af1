/** Tells that the rules of the room have changed, until the user has seen the new ones. */
import { quotedName } from "../../core";
import type { CharterState, Notice, RoomState } from "../../grid";
import { changedRules } from "../charter/changes";

export const RULES_NOTICE = "rules-changed";
/** Longest notice; a longer one would hide the chat. */
const MOST_CHARS = 300;

export class RulesWatch {
  #room: string | undefined;
  /** The rules as the user has read them, and as they are now. */
  #read: CharterState | undefined;
  #now: CharterState | undefined;

  /** To be called with every change of the room. The rules that were in force on entering count as read. */
  look(room: RoomState | undefined): void {
    if (room?.id !== this.#room) this.#read = undefined;
    this.#room = room?.id;
    this.#now = room?.charter;
    this.#read ??= room?.charter;
  }

  /** To be called when the user has seen the current rules. */
  read(): void {
    this.#read = this.#now;
  }

  /** A notice about the changes since then; empty if there are none. */
  notice(model: (id: string) => string): readonly Notice[] {
    const [read, now] = [this.#read, this.#now];
    const changes = read && now && read !== now ? changedRules(read, now, { model }) : [];
    if (!now || changes.length === 0) return [];
    const news = changes.map(({ text }) => text).join(" ");
    const what = news.length <= MOST_CHARS ? news : "Read them under “Rules”.";
    return [{ id: RULES_NOTICE, level: "info", text: `The rules of ${quotedName(now.name)} have changed. ${what}` }];
  }
}
