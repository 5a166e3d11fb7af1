/** Coming back to a room that this browser has kept. */
import type { RoomId } from "../../core";
import type { Signed } from "../../identity";
import { type MemberContext, Membership, loadMembership } from ".";
import type { RoomOptions } from "../room-session";

/**
 * The way into a room that was kept: as its member or, where what was kept does not prove that of this node (it came
 * from another device), as a guest with its invite. Undefined where nothing is kept that leads in.
 */
export async function recallRoom(
  roomId: RoomId,
  member: MemberContext,
  delegation: Signed | undefined,
): Promise<RoomOptions["entry"] | undefined> {
  const kept = await loadMembership(roomId);
  if (!kept) return undefined;
  const membership = new Membership(member, kept);
  membership.setDelegation(delegation);
  try {
    await membership.ownStanding();
    return { membership: membership.parts };
  } catch {
    const invite = await membership.invites.kept();
    return invite && { invite };
  }
}
