/** Notices that the rules of the room are not the ones that were read here, until somebody has seen the new ones. */
import type { CharterState, Notice, RoomState } from "../../grid";
import { changedRules } from "../charter/changes";
import { plain } from "../plain";

export const RULES_NOTICE = "rules-changed";
/** A notice that is longer hides the chat. */
const MOST_CHARS = 300;

export class RulesWatch {
  #room: string | undefined;
  /** The rules as they were read, and as they are. */
  #read: CharterState | undefined;
  #now: CharterState | undefined;

  /** To be told of every change of the room. The rules with which one came in are known. */
  look(room: RoomState | undefined): void {
    if (room?.id !== this.#room) this.#read = undefined;
    this.#room = room?.id;
    this.#now = room?.charter;
    this.#read ??= room?.charter;
  }

  /** The rules that are in force now were seen. */
  read(): void {
    this.#read = this.#now;
  }

  /** What has changed since then; empty where nothing has. */
  notice(model: (id: string) => string): readonly Notice[] {
    const [read, now] = [this.#read, this.#now];
    const changes = read && now && read !== now ? changedRules(read, now, { model }) : [];
    if (!now || changes.length === 0) return [];
    const news = changes.map(({ text }) => text).join(" ");
    const what = news.length <= MOST_CHARS ? news : "Read them under “Rules”.";
    return [{ id: RULES_NOTICE, level: "info", text: `The rules of “${plain(now.name)}” have changed. ${what}` }];
  }
}
