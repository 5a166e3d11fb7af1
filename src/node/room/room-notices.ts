/** Tells the user about the doors of a room: nobody is there, somebody was refused, no direct way leads to a device. */
import { MicrogridError, quotedName } from "../../core";
import type { RoomSession } from "../../room";
import { NoDirectWayError } from "../../wire";
import type { StateStore } from "../state-store";

/** Ids of the notices. */
const EMPTY = "room-empty";
const REFUSED = "refused";
const OUT = "room-out";
const SHARES_AGAIN = "shares-again";
const NO_DIRECT_WAY = "no-direct-way";
const NOT_KEPT = "room-not-kept";
/** Lines whose other end did not know the room's secret, within the time below, before the user is told. */
const FAILURES_TOLD = 2;
/** The user is told at most this often, since everybody who has an old link can make such lines. */
const TELL_AGAIN_MS = 10 * 60_000;

export class RoomNotices {
  readonly #store: StateStore;
  /** True while the user is told that no direct way leads to a device. */
  #blocked = false;
  /** When handshakes failed that the user was not told about. */
  #failures: number[] = [];
  #toldAt = -Infinity;

  constructor(store: StateStore) {
    this.#store = store;
  }

  /**
   * Somebody was refused, or could not be reached at all. `isAlone`: whether this node has no link to the room. Connections that come
   * and go are not reported, but refusals are, by this node or of it.
   */
  refused(error: Error, room: string, isAlone: boolean): void {
    if (error instanceof NoDirectWayError) this.noDirectWay(error, room);
    else if (error instanceof MicrogridError && error.code === "handshake-failed") this.#handshakeFailed(room, isAlone);
    else if (!(error instanceof MicrogridError) || error.code === "peer-refused") {
      this.#store.notify({ id: REFUSED, level: "warning", text: error.message });
    }
  }

  /** A stranger can fail at will, but somebody in between keeps everybody out: so only a node without links says anything. */
  #handshakeFailed(room: string, isAlone: boolean): void {
    const now = performance.now();
    if (!isAlone || now < this.#toldAt + TELL_AGAIN_MS) return;
    this.#failures = [...this.#failures.filter((at) => at > now - TELL_AGAIN_MS), now];
    if (this.#failures.length < FAILURES_TOLD) return;
    this.#failures = [];
    this.#toldAt = now;
    const text =
      `Several connections to ${quotedName(room)} were refused, because the other side did not know the room’s secret. Nothing was ` +
      "shown to it. It may be somebody with an old link. If nobody gets through whom you expect, somebody on the way may have " +
      "tampered with the connections: try another network.";
    this.#store.notify({ id: REFUSED, level: "warning", text });
  }

  /** Signaling works, and the networks let no packet pass between two devices. */
  noDirectWay({ offerer }: NoDirectWayError, room: string): void {
    const who = offerer
      ? `A device of ${quotedName(room)} is there`
      : `Somebody tries to reach ${quotedName(room)} on this device`;
    const text =
      `${who}, but your two networks let no direct connection through. Try another network, such as a phone’s hotspot, ` +
      "or ask the operator of this site for a relay (TURN).";
    this.#blocked = true;
    this.#store.dismiss(EMPTY);
    this.#store.notify({ id: NO_DIRECT_WAY, level: "warning", text });
  }

  /** A device was reached, or nobody tries any more. */
  noLongerBlocked(): void {
    if (this.#blocked) this.#store.dismiss(NO_DIRECT_WAY);
    this.#blocked = false;
  }

  /** The browser does not store the membership. */
  notKept(room: string): void {
    const text =
      `This browser cannot remember ${quotedName(room)}, probably because it has no space left. ` +
      "Keep an invite link, or remove a model and reload this page: otherwise you need a new invite after this page closes.";
    this.#store.notify({ id: NOT_KEPT, level: "warning", text });
  }

  /** The room did not let this node in, or removed it. */
  out(error: Error): void {
    this.#store.notify({ id: OUT, level: "error", text: error.message });
  }

  /** A user who shared this room before shares it again. */
  sharesAgain(room: string): void {
    const text = `You share this device with ${quotedName(room)} again, as before.`;
    this.#store.notify({ id: SHARES_AGAIN, level: "info", text });
  }

  /** The user has left the room, or enters one. */
  left(): void {
    this.#store.dismiss(OUT);
    this.noLongerBlocked();
    this.sharesNoLonger();
  }

  /** The user no longer shares this device. */
  sharesNoLonger(): void {
    this.#store.dismiss(SHARES_AGAIN);
  }

  /** Tells a user who entered a room if nobody was found there, unless the user knows already. */
  lookedAround(session: RoomSession, isFounder: boolean): void {
    const text = this.#blocked ? undefined : nobodyHere(session, isFounder);
    if (text !== undefined) this.#store.notify({ id: EMPTY, level: "info", text });
  }
}

function nobodyHere({ charter, name, peers, signaling, phase }: RoomSession, isFounder: boolean): string | undefined {
  // A founder who has just opened the room knows that nobody else is there yet.
  const isNew = charter?.version === 0 && isFounder;
  if (isNew || peers.length > 0 || phase === "knocking") return undefined;
  if (signaling !== "connected") {
    return `${quotedName(name)} cannot be looked for, since its signaling server does not answer. This page keeps trying.`;
  }
  return phase === "inside"
    ? `Nobody is in ${quotedName(name)} at the moment. You are in it now, and will see others when they come.`
    : `Nobody is in ${quotedName(name)} at the moment to let you in. This page waits, and goes in when somebody comes.`;
}
