/** The way into a room: one door after another, until one opens or the room says no. */
import { MicrogridError, TypedEventTarget } from "../../core";
import type { Signed } from "../../identity";
import type { RawLink } from "../../wire";
import type { Invite } from "../membership/invite";
import { type MemberContext, readToken } from "../membership";
import type { SignalingRegistration } from "../signaling/registration";
import { GuestSearch } from "./guest-search";
import { type Admitted, RefusedAtDoor, type GuestSession } from "./guest-session";

/** What a guest says of itself when it knocks. */
interface KnockWords {
  readonly name: string;
  readonly device: string;
  readonly delegation: Signed | undefined;
}

interface EntranceOptions {
  readonly member: MemberContext;
  readonly agent: string;
  readonly invite: Invite;
}

interface EntranceEvents {
  stage: "looking" | "knocking";
  /** A door was none of this room: somebody is in between, or plays the room. The text is for people. */
  refused: Error;
}

/** A guest that wants to come in. */
export class Entry extends TypedEventTarget<EntranceEvents> {
  readonly #newcomer: GuestSearch;
  readonly #words: () => KnockWords;

  static async open(
    presence: SignalingRegistration,
    options: EntranceOptions,
    words: () => KnockWords,
  ): Promise<Entry> {
    const { member, agent, invite } = options;
    const { signer, revocations } = member;
    const token = await readToken(invite.token.signed);
    return new Entry(new GuestSearch(presence, { signer, agent, invite, token, revocations }), words);
  }

  private constructor(newcomer: GuestSearch, words: () => KnockWords) {
    super();
    this.#newcomer = newcomer;
    this.#words = words;
  }

  /** Resolves when the first look around is over, whatever it has brought. */
  start(): Promise<void> {
    return this.#newcomer.start();
  }

  /** Goes to the door at the other end of a line that was made by hand. */
  meet(raw: RawLink): Promise<boolean> {
    return this.#newcomer.meet(raw);
  }

  /** Resolves once this node is let in. Throws `RefusedAtDoor` where it is not, or the signal's reason. */
  async pass(signal: AbortSignal): Promise<Admitted> {
    for (;;) {
      const visit = await this.#nextDoor(signal);
      if (!visit) continue;
      const onLeft = (): void => visit.close();
      signal.addEventListener("abort", onLeft, { once: true });
      try {
        const admitted = await visit.knock(this.#words(), () => this.emit("stage", "knocking"));
        this.close();
        return admitted;
      } catch (error) {
        this.emit("stage", "looking");
        // Who was at the door may have gone; the answer of the room is final.
        if (error instanceof RefusedAtDoor || signal.aborted) throw error;
      } finally {
        signal.removeEventListener("abort", onLeft);
      }
    }
  }

  close(): void {
    this.#newcomer.close();
  }

  async #nextDoor(signal: AbortSignal): Promise<GuestSession | undefined> {
    try {
      return await this.#newcomer.visit(signal);
    } catch (error) {
      if (!(error instanceof MicrogridError) || error instanceof RefusedAtDoor) throw error;
      this.emit("refused", error);
      return undefined;
    }
  }
}
