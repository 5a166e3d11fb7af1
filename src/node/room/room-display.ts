/** Keeps `room` of the state up to date with the session that the node is in. */
import type { RoomSession } from "../../room";
import type { GridConfig } from "../config";
import type { NodePipelines } from "../pipelines";
import type { StateStore } from "../state-store";
import type { SharedProvider } from "../shared-provider";
import { answeredToday } from "./habits";
import { inviteWarning } from "./invite-warning";
import type { OwnRights } from "./own-rights";
import { roomState } from "./room-state";
import type { Sharing } from "./sharing";

/** Combines many small changes, such as tokens of several answers, into one change of the state. */
const STATE_INTERVAL_MS = 200;

interface DisplayOptions {
  readonly config: GridConfig;
  /** All models with which this node answers the room. */
  readonly own: SharedProvider;
  readonly pipelines: NodePipelines;
  readonly store: StateStore;
}

/** The things that the shown state is made of. */
interface Shown {
  session(): RoomSession | undefined;
  readonly rights: OwnRights;
  readonly sharing: Sharing;
}

/** Shows the room in the state, and removes it again. */
export class RoomDisplay {
  readonly #options: DisplayOptions;
  readonly #from: Shown;
  /** The room that was shown last, as text. */
  #text = "";
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: DisplayOptions, from: Shown) {
    this.#options = options;
    this.#from = from;
  }

  /** Shows the room a moment later, together with the changes that come until then. */
  showSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.show();
    }, STATE_INTERVAL_MS);
  }

  /** Shows the room now, if it has changed. */
  show(): void {
    const session = this.#from.session();
    if (!session) return;
    const { config, own, store, pipelines } = this.#options;
    if (session.peers.length > 0) store.dismiss("room-empty");
    const { invite, keys, standing } = this.#from.rights;
    const room = roomState(session, {
      invite,
      inviteWarning: invite === "" ? undefined : inviteWarning(invite, session.servers),
      lanOnly: (config.rtc.iceServers ?? []).length === 0,
      share: this.#from.sharing.shown,
      servingModels: own.serving,
      answeredToday: answeredToday(),
      holding: pipelines.held,
      layersWanted: pipelines.wishes,
      keys,
      standing,
    });
    const text = JSON.stringify(room);
    if (text === this.#text) return;
    this.#text = text;
    const before = store.state.room?.peers ?? [];
    const same = JSON.stringify(before) === JSON.stringify(room.peers);
    // Unchanged peers stay the same object, so that their observers are not notified unnecessarily.
    store.patch({ room: same ? { ...room, peers: before } : room });
  }

  /** Shows that there is no room. */
  clear(): void {
    this.close();
    this.#text = "";
    const { store } = this.#options;
    store.dismiss("room-empty");
    if (store.state.room) store.patch({ room: undefined });
  }

  /** Stops showing changes. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
