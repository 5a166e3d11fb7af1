/** What any tab can ask of the node about its room. */
import { type Did, MicrogridError } from "../../core";
import { inviteToUrl } from "../../room";
import type { InviteOptions } from "../types";
import type { CharterOptions, CharterTerms, RoomPreview, ShareOptions } from "../types";
import type { HandOfferText } from "./manual-links";
import type { NodeRoom } from "./node-room";
import { inviteLimits, signable } from "./terms";

/** Arguments and results can be cloned. */
export interface RoomCalls {
  createRoom: { args: { name: string; charter: CharterOptions }; result: void };
  previewRoom: { args: { invite: string }; result: RoomPreview };
  joinRoom: { args: { invite: string }; result: void };
  enterRoom: { args: { id: string }; result: void };
  forgetRoom: { args: { id: string }; result: void };
  leaveRoom: { args: { now: boolean }; result: void };
  declineLayers: { args: object; result: void };
  share: { args: { options: Partial<ShareOptions> | false }; result: void };
  makeInvite: { args: { options: InviteOptions }; result: string };
  answerKnock: { args: { did: string; admit: boolean }; result: void };
  removeMember: { args: { did: string }; result: void };
  amendCharter: { args: { changes: Partial<CharterTerms> }; result: void };
  endorse: { args: { proposal: string }; result: void };
  offerByHand: { args: object; result: HandOfferText };
  acceptByHand: { args: { id: string; answer: string }; result: void };
  answerByHand: { args: { offer: string }; result: string };
}

/** Answers them. */
export function roomMethods(
  room: NodeRoom,
  pageUrl: string,
): { [M in keyof RoomCalls]: (args: RoomCalls[M]["args"], signal: AbortSignal) => Promise<RoomCalls[M]["result"]> } {
  return {
    createRoom: ({ name, charter }) => room.create(name, charter),
    previewRoom: ({ invite }, signal) => room.preview(invite, signal),
    joinRoom: ({ invite }) => room.join(invite),
    enterRoom: ({ id }) => room.enter(id),
    forgetRoom: ({ id }) => room.forget(id),
    leaveRoom: async ({ now }) => (now ? room.leave() : room.leaveGently()),
    declineLayers: async () => room.declineLayers(),
    share: async ({ options }) => room.share(options),
    makeInvite: async ({ options }) => {
      const { membership } = room.current;
      if (!membership) throw new MicrogridError("bad-request", "This device is not in the room yet.");
      return inviteToUrl(await membership.invites.make(inviteLimits(options)), pageUrl);
    },
    answerKnock: async ({ did, admit }) => room.current.requireInside().door.answer(did as Did, admit),
    removeMember: async ({ did }) => room.current.requireInside().governance.remove([did as Did]),
    amendCharter: async ({ changes }) => room.current.requireInside().governance.amend(signable(changes)),
    endorse: async ({ proposal }) => room.current.requireInside().governance.endorse(proposal),
    offerByHand: async () => room.hand.offer(room.current),
    acceptByHand: ({ id, answer }) => room.hand.accept(id, answer),
    answerByHand: async ({ offer }) => room.current.answerByHand(offer),
  };
}
