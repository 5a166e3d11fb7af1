/** The part of the room that a node knows without looking for it. */
import type { Gossip } from "./gossip/gossip";
import type { Mesh } from "./links/mesh";
import type { KnownRoom } from "./signaling/rendezvous";

/** The holders of slots that this node has heard of, from members themselves or by gossip, and the size of the room. */
export function knownRoom(mesh: Mesh, gossip: Gossip): KnownRoom {
  const members = [...mesh.members.values()];
  const linked = members.flatMap(({ did, slot, standing: { branch } }) =>
    slot === undefined ? [] : [{ did, slot, branch }],
  );
  const told = gossip.slots.filter(({ did }) => !mesh.members.has(did));
  return { claims: [...linked, ...told], members: members.length, nodes: gossip.nodes };
}
