/** The other nodes of a room that are known of: one `RemotePeer` for each, linked or not. */
import type { Did } from "../../core";
import type { Gossip } from "../gossip/gossip";
import type { Member } from "../links/member";
import type { Mesh } from "../links/mesh";
import { RemotePeer } from "./remote-peer";

interface PeersOptions {
  readonly mesh: Mesh;
  readonly gossip: Gossip;
  /** Whether the room's charter allows a model. */
  allows(model: string): boolean;
}

/** All peers of a room. */
export class Peers {
  readonly #options: PeersOptions;
  readonly #peers = new Map<Did, RemotePeer>();

  constructor(options: PeersOptions) {
    this.#options = options;
  }

  /** The members that have announced themselves and can be reached. */
  get reachable(): readonly RemotePeer[] {
    const { gossip } = this.#options;
    return [...this.#peers.values()].filter((peer) => peer.heartbeat && (peer.linked || gossip.reaches(peer.id)));
  }

  /** Whether a peer shares its device, as far as this node knows. */
  shares(did: Did): boolean {
    return this.#peers.get(did)?.heartbeat?.sharing ?? false;
  }

  /** The peer with this id; it is added if it is new. */
  of(did: Did): RemotePeer {
    const { gossip, allows } = this.#options;
    const peer = this.#peers.get(did) ?? new RemotePeer(did, gossip, allows);
    this.#peers.set(did, peer);
    return peer;
  }

  /** There is news of a member, which need not be linked. */
  heard(did: Did): void {
    const card = this.#options.gossip.card(did);
    if (card) this.of(did).introduce(card);
    else if (!this.#options.mesh.members.has(did)) this.#peers.delete(did);
  }

  /** A link has ended. False if another link has taken its place. */
  unlinked(member: Member): boolean {
    if (!this.#peers.get(member.did)?.detach(member)) return false;
    if (!this.#options.gossip.card(member.did)) this.#peers.delete(member.did);
    return true;
  }
}
