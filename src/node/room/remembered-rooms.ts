/** Remembers rooms that this node is a member of, for the next visit. */
import type { RoomId } from "../../core";
import {
  type Invite,
  type MemberContext,
  type MembershipParts,
  type RoomOptions,
  forgetMembership,
  recallRoom,
  saveMembership,
} from "../../room";
import type { NodeHouse } from "../house";

/** Writes rooms one after the other, and reads them. */
export class RememberedRooms {
  readonly #house: NodeHouse;
  readonly #member: MemberContext;
  readonly #notKept: (room: string) => void;
  /** All writes so far. */
  #written: Promise<void> = Promise.resolve();
  /** Whether the last write failed, which is told once. */
  #failed = false;

  /** `notKept` is called with the name of a room that cannot be stored. */
  constructor(house: NodeHouse, member: MemberContext, notKept: (room: string) => void) {
    this.#house = house;
    this.#member = member;
    this.#notKept = notKept;
  }

  keep(parts: MembershipParts): void {
    const { admission } = parts.charter.terms;
    const houses = admission.kind === "houses" ? admission.houses : [];
    for (const did of [...parts.genesis.founders, ...houses]) this.#house.known.add(did);
    this.#written = this.#written.then(() => this.#save(parts));
  }

  async forget(roomId: string): Promise<void> {
    this.#written = this.#written.then(() => forgetMembership(roomId as RoomId));
    await this.#written;
  }

  /** The way into a remembered room; `invite` is a newer one, in case the stored one has ended. */
  async recall(roomId: string, invite?: Invite): Promise<RoomOptions["entry"] | undefined> {
    await this.#written;
    const entry = await recallRoom(roomId as RoomId, this.#member, this.#house.delegation());
    return entry && "invite" in entry && invite ? { invite } : entry;
  }

  async #save(parts: MembershipParts): Promise<void> {
    try {
      await saveMembership(parts);
      this.#failed = false;
    } catch {
      if (!this.#failed) this.#notKept(parts.charter.terms.name);
      this.#failed = true;
    }
  }
}
