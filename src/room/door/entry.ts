/** The way into a room: one door after another, until one opens or the room says no. */
import { TypedEventTarget, onAbort } from "../../core";
import type { Signed } from "../../identity";
import type { RawLink } from "../../wire";
import type { Invite } from "../invite/invite";
import { type MemberContext, readToken } from "../membership";
import type { SignalingRegistration } from "../signaling/registration";
import { GuestSearch } from "./guest-search";
import { type Admitted, type GuestCredentials, RefusedAtDoor } from "./guest-session";

/** How a guest introduces itself when it knocks. */
interface Introduction {
  readonly name: string;
  readonly device: string;
  readonly delegation: Signed | undefined;
}

interface EntryOptions {
  readonly member: MemberContext;
  readonly agent: string;
  readonly invite: Invite;
}

interface EntryEvents {
  phase: "looking" | "knocking";
  /**
   * A device at the door is no member of this room, or somebody is in between; or no direct way leads to any door
   * (`NoDirectWayError`). The text is for people, and the search goes on.
   */
  refused: Error;
}

/** A guest that wants to come in. */
export class Entry extends TypedEventTarget<EntryEvents> {
  readonly #search: GuestSearch;
  readonly #words: () => Introduction;

  static async open(
    registration: SignalingRegistration,
    options: EntryOptions,
    words: () => Introduction,
  ): Promise<Entry> {
    const { member, agent, invite } = options;
    const { signer, revocations } = member;
    const token = await readToken(invite.token.signed);
    return new Entry(registration, { signer, agent, invite, token, revocations }, words);
  }

  private constructor(registration: SignalingRegistration, credentials: GuestCredentials, words: () => Introduction) {
    super();
    this.#search = new GuestSearch(registration, credentials, (error) => this.emit("refused", error));
    this.#words = words;
  }

  /** Resolves when the first look around is over, whatever it has brought. */
  start(): Promise<void> {
    return this.#search.start();
  }

  /** Goes to the door at the other end of a line that was made by hand. */
  meet(raw: RawLink): Promise<unknown> {
    return this.#search.meet(raw);
  }

  /** Resolves once this node is let in. Throws `RefusedAtDoor` where it is not, or the signal's reason. */
  async pass(signal: AbortSignal): Promise<Admitted> {
    for (;;) {
      const door = await this.#search.nextDoor(signal);
      using _ = onAbort(signal, () => door.close());
      try {
        const admitted = await door.knock(this.#words(), () => this.emit("phase", "knocking"));
        this.close();
        return admitted;
      } catch (error) {
        this.emit("phase", "looking");
        // Where members are asked, any of them may say no for all. Elsewhere the charter decides, and one member is not the room.
        const isFinal = error instanceof RefusedAtDoor && door.asksMembers;
        if (isFinal || signal.aborted) throw error;
        this.#search.ledNowhere(door, error);
      }
    }
  }

  close(): void {
    this.#search.close();
  }
}
