/** Looks for a member who opens the door, as long as it takes: through the room's slots, or over lines made by hand. */
import { type Did, MicrogridError, deferred, onAbort } from "../../core";
import type { NoDirectWayError, RawLink } from "../../wire";
import { MEMBER_DIAL_MS, REFUSED_AFTER_MS } from "../constants";
import type { SignalingRegistration } from "../signaling/registration";
import { Rendezvous } from "../signaling/rendezvous";
import { type GuestCredentials, RefusedAtDoor, GuestSession } from "./guest-session";

/** A guest on its way. */
export class GuestSearch {
  readonly #registration: SignalingRegistration;
  readonly #credentials: GuestCredentials;
  readonly #rendezvous: Rendezvous;
  /** Takes the next door that opens; `undefined` while nobody waits for one. */
  #onOpen: ((door: GuestSession) => void) | undefined;
  #onFail: ((error: Error) => void) | undefined;
  #refused: ReturnType<typeof setTimeout> | undefined;
  readonly #stopListening: () => void;

  /** `onNoDirectWay` is called when members are there, but no direct way leads to them; the search goes on. */
  constructor(
    registration: SignalingRegistration,
    credentials: GuestCredentials,
    onNoDirectWay: (error: NoDirectWayError) => void,
  ) {
    this.#registration = registration;
    this.#credentials = credentials;
    this.#rendezvous = new Rendezvous({
      secrets: async () => [credentials.invite.rendezvousSecret],
      registration: () => registration.current,
      meet: (raw) => this.meet(raw),
      // A guest that has found a door looks for no other.
      known: () => ({ claims: [], members: this.#onOpen ? 0 : 1, nodes: 1 }),
      mayHold: false,
      onNoDirectWay,
      onSlotChange: () => undefined,
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

  /** The next member who opens. Throws `RefusedAtDoor` where all who are there refuse, or the signal's reason. */
  async nextDoor(signal: AbortSignal): Promise<GuestSession> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = deferred<GuestSession>();
    using _ = onAbort(signal, reject);
    this.#onOpen = resolve;
    this.#onFail = reject;
    try {
      this.#rendezvous.nudge();
      return await promise;
    } finally {
      this.#onOpen = undefined;
      this.#onFail = undefined;
      clearTimeout(this.#refused);
      this.#refused = undefined;
    }
  }

  /**
   * Knocks at the door at the other end of a line, or at the door that this one refers it to. Gives its did,
   * or undefined if none opens. It
   * follows only one referral, because doors could otherwise send it in circles forever. Never throws.
   */
  async meet(raw: RawLink, sentOn = false): Promise<Did | undefined> {
    try {
      const door = await GuestSession.begin(raw, this.#credentials);
      const take = this.#onOpen;
      // Only one door is used: a second one that opens meanwhile is closed.
      this.#onOpen = undefined;
      if (take) take(door);
      else door.close();
      return door.did;
    } catch (error) {
      const askInstead = error instanceof RefusedAtDoor ? error.askInstead : undefined;
      if (askInstead !== undefined && !sentOn) return this.#askInstead(askInstead);
      if (error instanceof MicrogridError) this.#isRefused(error);
      return undefined;
    }
  }

  close(): void {
    clearTimeout(this.#refused);
    this.#stopListening();
    this.#rendezvous.close();
  }

  async #askInstead(address: string): Promise<Did | undefined> {
    const { current } = this.#registration;
    const signal = new AbortController().signal;
    const raw = await current?.endpoint.dial(address, { timeoutMs: MEMBER_DIAL_MS, signal }).catch(() => undefined);
    return raw && this.meet(raw, true);
  }

  /** One member may be wrong, or hostile: the others get the time to answer. */
  #isRefused(error: MicrogridError): void {
    if (error.code === "peer-lost" || !this.#onFail) return;
    this.#refused ??= setTimeout(() => this.#onFail?.(error), REFUSED_AFTER_MS);
  }
}
