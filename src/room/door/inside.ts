/** Tells guests who is in the room. */
import type { Did } from "../../core";
import type { Heartbeat } from "../links/heartbeat";
import type { Mesh } from "../links/mesh";
import type { RemotePeer } from "../peers/remote-peer";
import type { Membership } from "../membership";
import { type InsideFrame, MAX_SHOWN_INSIDE } from "./protocol";

interface InsideOptions {
  readonly membership: Membership;
  readonly mesh: Mesh;
  readonly peers: readonly RemotePeer[];
  /** The heartbeat of this node. */
  readonly own: Heartbeat;
}

/** The members that guests are shown, this node first. */
export function insideOf({ membership, mesh, peers, own }: InsideOptions): InsideFrame[] {
  const self = shown(membership.signer.did, membership.proof, own);
  const others = peers.flatMap(({ id, heartbeat }) =>
    heartbeat ? [shown(id, mesh.members.get(id)?.proof, heartbeat)] : [],
  );
  return [self, ...others].slice(0, MAX_SHOWN_INSIDE);
}

function shown(did: Did, proof: Membership["proof"] | undefined, heartbeat: Heartbeat): InsideFrame {
  const { name, device, sharing, offers } = heartbeat;
  const delegation = proof?.[0]?.delegation;
  return { did, ...(delegation && { delegation }), name, device, sharing, models: offers.map((offer) => offer.name) };
}
