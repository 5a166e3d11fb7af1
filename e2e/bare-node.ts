/** A node for pages without the app: the room code over real WebRTC, and a toy engine. */
import type { Signer } from "../src/identity";
import { ToyProvider } from "../src/inference/testing/toy-provider";
import { type RoomOptions, RoomSession } from "../src/room/room-session";
import { BARE_NODE, memberContext } from "../src/room/testing/founding";
import { answerByHand, offerByHand, openPeerJsTransport } from "../src/wire";

/** Everything is on this machine. */
export const RTC: RTCConfiguration = { iceServers: [] };

/** Enters a room; `rtc`: needed if the others are not reached over the loopback. */
export function enterBare(
  entry: RoomOptions["entry"],
  signer: Signer,
  rtc: RTCConfiguration = RTC,
): Promise<RoomSession> {
  return RoomSession.enter({
    ...BARE_NODE,
    entry,
    member: memberContext(signer),
    local: new ToyProvider(signer.did),
    hand: { offer: () => offerByHand(rtc), answer: (offer) => answerByHand(rtc, offer) },
    openTransport: (url) => openPeerJsTransport({ url, rtc }),
    profile: () => ({
      name: "page",
      device: "bare",
      gpu: "",
      visible: true,
      battery: undefined,
      tokenRate: 0,
      ownJobs: 0,
    }),
  });
}
