/** Looks for a member who opens the door, as long as it takes: through the room's slots, or over lines made by hand. */
import { type Did, MicrogridError, deferred, onAbort, putNewest } from "../../core";
import type { RawLink } from "../../wire";
import { MEMBER_DIAL_MS, REFUSED_AFTER_MS, SECOND_DOOR_MS } from "../constants";
import { outranks } from "../membership";
import type { SignalingRegistration } from "../signaling/registration";
import { Rendezvous } from "../signaling/rendezvous";
import { type GuestCredentials, RefusedAtDoor, GuestSession } from "./guest-session";

/** Members that are remembered because their door has led nowhere. */
const MAX_NOWHERE = 64;

/** Somebody who waits for a door. */
interface Waiting {
  take(door: GuestSession): void;
  fail(error: Error): void;
}

/** A guest on its way. */
export class GuestSearch {
  readonly #registration: SignalingRegistration;
  readonly #credentials: GuestCredentials;
  readonly #onTrouble: (error: MicrogridError) => void;
  readonly #rendezvous: Rendezvous;
  #waiting: Waiting | undefined;
  /** The door that is taken unless another member shows a later state of the room. */
  #first: GuestSession | undefined;
  #refused: RefusedAtDoor | undefined;
  /** Members whose door has led nowhere, and how. */
  readonly #nowhere = new Map<Did, unknown>();
  /** Whether all slots have been looked at since somebody began to wait. */
  #hasLooked = false;
  #decision: ReturnType<typeof setTimeout> | undefined;
  readonly #stopListening: () => void;

  /**
   * `onTrouble` is called when members are there but no direct way leads to them, and when a device at the door is no
   * member or breaks the protocol; the search goes on.
   */
  constructor(
    registration: SignalingRegistration,
    credentials: GuestCredentials,
    onTrouble: (error: MicrogridError) => void,
  ) {
    this.#registration = registration;
    this.#credentials = credentials;
    this.#onTrouble = onTrouble;
    this.#rendezvous = new Rendezvous({
      secrets: async () => [credentials.invite.rendezvousSecret],
      registration: () => registration.current,
      meet: (raw) => this.meet(raw),
      // A guest that has found a door looks for no other.
      known: () => ({ claims: [], members: this.#waiting ? 0 : 1, nodes: 1 }),
      mayHold: false,
      onNoDirectWay: onTrouble,
      onSlotChange: () => undefined,
      onLooked: () => this.#looked(),
    });
    const stop = [
      registration.on("online", () => this.#rendezvous.nudge()),
      // Nobody dials a guest.
      registration.on("link", (raw) => raw.close("a guest is at this address")),
    ];
    this.#stopListening = () => {
      for (const each of stop) each();
    };
  }

  /** Resolves when the first look around is over, whatever it has brought. */
  start(): Promise<void> {
    return this.#rendezvous.start();
  }

  /** This door has led nowhere, so others come first. Its refusal counts if no other opens. */
  ledNowhere(door: GuestSession, error: unknown): void {
    putNewest(this.#nowhere, door.did, error, MAX_NOWHERE);
  }

  /** The next member who opens. Throws `RefusedAtDoor` where all members who are there refuse, or the signal's reason. */
  async nextDoor(signal: AbortSignal): Promise<GuestSession> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = deferred<GuestSession>();
    using _ = onAbort(signal, reject);
    this.#waiting = { take: resolve, fail: reject };
    this.#hasLooked = false;
    try {
      this.#rendezvous.nudge();
      return await promise;
    } finally {
      this.#settle();
    }
  }

  /**
   * Knocks at the door at the other end of a line, or at the door that this one refers it to. Gives its did, or undefined
   * if the search has to go on. It follows only one referral, because doors could otherwise send it in circles forever.
   * Never throws.
   */
  async meet(raw: RawLink, sentOn = false): Promise<Did | undefined> {
    try {
      const door = await GuestSession.begin(raw, this.#credentials);
      if (!this.#nowhere.has(door.did)) return this.#consider(door);
      door.close();
      throw this.#nowhere.get(door.did);
    } catch (error) {
      if (error instanceof RefusedAtDoor) {
        if (error.askInstead !== undefined && !sentOn) return this.#askInstead(error.askInstead);
        this.#isRefused(error);
      } else if (error instanceof MicrogridError && error.code !== "peer-lost") this.#onTrouble(error);
      return undefined;
    }
  }

  close(): void {
    this.#settle();
    this.#stopListening();
    this.#rendezvous.close();
  }

  /**
   * Takes a door at once if the founders have said lately that the room is as this member shows it. Otherwise a second
   * member is looked for, since a removed one could show the room as it was.
   */
  #consider(door: GuestSession): Did | undefined {
    const first = this.#first;
    // Only one door is used: others that open meanwhile are closed.
    if (!this.#waiting || first?.did === door.did) {
      door.close();
      return this.#waiting ? undefined : door.did;
    }
    if (first && !outranks(door.welcome.removals.head, first.welcome.removals.head)) {
      door.close();
      this.#decide();
      return first.did;
    }
    first?.close();
    this.#first = door;
    if (first || door.welcome.isConfirmed) this.#decide();
    else this.#decideLater(SECOND_DOOR_MS);
    return this.#waiting ? undefined : door.did;
  }

  /** One member may be wrong, or hostile: the others get the time to answer, unless this one is in a later epoch. */
  #isRefused(error: RefusedAtDoor): void {
    this.#refused ??= error;
    const first = this.#first;
    if (first && error.epoch && outranks(error.epoch, first.welcome.removals.head)) {
      first.close();
      this.#first = undefined;
      this.#decide();
    } else this.#decideLater(REFUSED_AFTER_MS);
  }

  async #askInstead(address: string): Promise<Did | undefined> {
    const { current } = this.#registration;
    const signal = new AbortController().signal;
    const raw = await current?.endpoint.dial(address, { timeoutMs: MEMBER_DIAL_MS, signal }).catch(() => undefined);
    return raw && this.meet(raw, true);
  }

  /** Nobody else is there: whoever has led nowhere by an accident may be tried again. */
  #looked(): void {
    this.#hasLooked = true;
    for (const [did, error] of this.#nowhere) if (!(error instanceof RefusedAtDoor)) this.#nowhere.delete(did);
    if (this.#refused && !this.#decision) this.#decide();
  }

  #decideLater(ms: number): void {
    if (this.#waiting) this.#decision ??= setTimeout(() => this.#decide(), ms);
  }

  #decide(): void {
    const waiting = this.#waiting;
    const door = this.#first;
    const refused = this.#refused;
    clearTimeout(this.#decision);
    this.#decision = undefined;
    // One member's no is not the room's while others have not been asked.
    if (!door && refused && !this.#hasLooked && this.#registration.current) return;
    this.#first = undefined;
    this.#settle();
    if (door) waiting?.take(door);
    else if (refused) waiting?.fail(refused);
  }

  #settle(): void {
    clearTimeout(this.#decision);
    this.#decision = undefined;
    this.#waiting = undefined;
    this.#refused = undefined;
    this.#first?.close();
    this.#first = undefined;
  }
}
