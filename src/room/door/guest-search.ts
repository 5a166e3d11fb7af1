/** Looks for a member who opens the door, as long as it takes: through the room's slots, or over lines made by hand. */
import { MicrogridError } from "../../core";
import type { RawLink } from "../../wire";
import { MEMBER_DIAL_MS, REFUSED_AFTER_MS } from "../constants";
import type { SignalingRegistration } from "../signaling/registration";
import { Rendezvous } from "../signaling/rendezvous";
import { type GuestCredentials, RefusedAtDoor, GuestSession } from "./guest-session";

/** A guest on its way. */
export class GuestSearch {
  readonly #presence: SignalingRegistration;
  readonly #credentials: GuestCredentials;
  readonly #rendezvous: Rendezvous;
  /** Visits one after another; `undefined` while nobody waits for one. */
  #onVisit: ((visit: GuestSession) => void) | undefined;
  #onFail: ((error: Error) => void) | undefined;
  #refused: ReturnType<typeof setTimeout> | undefined;
  readonly #stopPresence: () => void;

  constructor(presence: SignalingRegistration, credentials: GuestCredentials) {
    this.#presence = presence;
    this.#credentials = credentials;
    this.#rendezvous = new Rendezvous({
      secret: credentials.invite.rendezvousSecret,
      foothold: () => presence.foothold,
      meet: (raw) => this.meet(raw),
      // Who has found a door does not look for others.
      known: () => ({ slots: [], members: this.#onVisit ? 0 : 1 }),
      mayHold: false,
      onSlotChange: () => undefined,
    });
    const stop = [
      presence.on("online", () => this.#rendezvous.nudge()),
      // Nobody dials a guest.
      presence.on("link", (raw) => raw.close("a guest is at this address")),
    ];
    this.#stopPresence = () => {
      for (const each of stop) each();
    };
  }

  /** Resolves when the first look around is over, whatever it has brought. */
  start(): Promise<void> {
    return this.#rendezvous.start();
  }

  /** The next member who opens. Throws `RefusedAtDoor` where all who are there refuse, or the signal's reason. */
  async visit(signal: AbortSignal): Promise<GuestSession> {
    signal.throwIfAborted();
    let onAbort: () => void = () => undefined;
    try {
      return await new Promise<GuestSession>((resolve, reject) => {
        this.#onVisit = resolve;
        this.#onFail = reject;
        onAbort = () => reject(signal.reason as Error);
        signal.addEventListener("abort", onAbort);
        this.#rendezvous.nudge();
      });
    } finally {
      signal.removeEventListener("abort", onAbort);
      this.#onVisit = undefined;
      this.#onFail = undefined;
      clearTimeout(this.#refused);
      this.#refused = undefined;
    }
  }

  /**
   * Goes to the door at the other end of a line, or to the one that it is sent on to; false where it stays shut. Who was
   * sent on already goes no further: doors could send it round for ever. Never throws.
   */
  async meet(raw: RawLink, sentOn = false): Promise<boolean> {
    try {
      const visit = await GuestSession.begin(raw, this.#credentials);
      const take = this.#onVisit;
      // One at a time: a second door that opens meanwhile is left.
      this.#onVisit = undefined;
      if (take) take(visit);
      else visit.close();
      return true;
    } catch (error) {
      const askInstead = error instanceof RefusedAtDoor ? error.askInstead : undefined;
      if (askInstead !== undefined && !sentOn) return this.#askInstead(askInstead);
      if (error instanceof MicrogridError) this.#isRefused(error);
      return false;
    }
  }

  close(): void {
    clearTimeout(this.#refused);
    this.#stopPresence();
    this.#rendezvous.close();
  }

  async #askInstead(address: string): Promise<boolean> {
    const foothold = this.#presence.foothold;
    const signal = new AbortController().signal;
    const raw = await foothold?.endpoint.dial(address, { timeoutMs: MEMBER_DIAL_MS, signal }).catch(() => undefined);
    return raw ? this.meet(raw, true) : false;
  }

  /** One member may be wrong, or hostile: the others get the time to answer. */
  #isRefused(error: MicrogridError): void {
    if (error.code === "peer-lost" || !this.#onFail) return;
    this.#refused ??= setTimeout(() => this.#onFail?.(error), REFUSED_AFTER_MS);
  }
}
