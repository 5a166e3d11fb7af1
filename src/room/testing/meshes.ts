/** The links of one node, without signaling and without anything that uses them. */
import { randomId } from "../../core";
import { Mesh } from "../links/mesh";
import type { Membership } from "../membership";

const nobody = (): Promise<never> => Promise.reject(new Error("nobody is dialled here"));

/** Lines come by `introduce` only; links that have given way end soon. */
export function meshOf(membership: Membership): Mesh {
  return new Mesh({
    membership,
    agent: "test/1",
    session: randomId(16),
    dial: nobody,
    hand: { offer: nobody, answer: nobody },
    welcome: (line) => line.raw.close("no guests here"),
    contact: () => ({ address: undefined, slot: undefined }),
    knownPeers: () => [],
    wants: () => false,
    hasRoomFor: () => true,
    runOutMs: 20,
  });
}
