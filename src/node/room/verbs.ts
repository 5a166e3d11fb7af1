/** The calls about rooms that any tab can make to the node: `RoomsApi` and `RoomApi`. */
import { type Did, MicrogridError } from "../../core";
import { inviteToUrl } from "../../room";
import type { RoomApi, RoomsApi } from "../api";
import type { NodeRoom } from "./node-room";
import { inviteLimits, signable } from "./terms";

/** Ways into rooms. */
export function roomsOf(room: NodeRoom): RoomsApi {
  return {
    create: (name, charter) => room.create(name, charter),
    preview: (invite, { signal }) => room.preview(invite, signal),
    join: (invite) => room.join(invite),
    enter: (id) => room.enter(id),
    forget: (id) => room.forget(id),
  };
}

/** The room that the node is in. `pageUrl` is the page that invites lead to. */
export function roomOf(room: NodeRoom, pageUrl: string): RoomApi {
  return {
    leave: async (now) => (now ? room.leave() : room.leaveGently()),
    share: async (options) => room.share(options),
    declineLayers: async () => room.declineLayers(),
    makeInvite: async (options) => {
      const { membership } = room.current;
      if (!membership) throw new MicrogridError("bad-request", "This device is not in the room yet.");
      return inviteToUrl(await membership.invites.make(inviteLimits(options)), pageUrl);
    },
    answerKnock: async (did, admit) => room.current.requireInside().door.answer(did as Did, admit),
    remove: async (dids, keep) =>
      room.current.requireInside().governance.remove(dids as readonly Did[], keep as readonly Did[]),
    amend: async (changes) => room.current.requireInside().governance.amend(signable(changes)),
    endorse: async (proposal) => room.current.requireInside().governance.endorse(proposal),
    offerByHand: async () => room.hand.offer(room.current),
    acceptByHand: (id, answer) => room.hand.accept(id, answer),
    answerByHand: async (offer) => room.current.answerByHand(offer),
  };
}
