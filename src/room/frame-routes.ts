/** Where each control frame of a member goes. Frames of weights and of pipelines have tables of their own. */
import type { Door } from "./door/door";
import type { Gossip } from "./gossip/gossip";
import type { JobServer } from "./jobs/server";
import type { FrameHandlers } from "./frames/handlers";
import type { Member } from "./links/member";
import type { Mesh } from "./links/mesh";
import type { RemotePeer } from "./peers/remote-peer";
import type { Governance } from "./governance/governance";
import type { ROOM_FRAMES } from "./protocol";

/** The sender of a frame: the link that it came over, and the peer at its other end. */
export interface Sender {
  readonly member: Member;
  readonly peer: RemotePeer;
}

/** The parts of a session that take frames. */
interface Receivers {
  readonly mesh: Mesh;
  readonly gossip: Gossip;
  readonly door: Door;
  readonly governance: Governance;
  readonly server: JobServer;
  /** Called when a peer has sent news of itself. */
  onHeartbeat(): void;
}

/** The table of handlers for all control frames. */
export function frameRoutes(receivers: Receivers): FrameHandlers<typeof ROOM_FRAMES, Sender> {
  const { mesh, gossip, door, governance, server } = receivers;
  return {
    // Links
    hello: (_, { member }) => member.link.accuse("it sent hello twice"),
    members: (body, { member }) => mesh.takeMembers(member, body),
    relay: (body, { member }) => mesh.takeRelay(member, body),
    heartbeat: (body, { peer }) => {
      peer.update(body);
      receivers.onHeartbeat();
    },
    // Jobs that peers send here
    "job.request": (body, { member }) => server.request(member.link, body),
    "job.embed": (body, { member }) => server.request(member.link, body),
    "job.cancel": (body, { member }) => server.cancel(member.link, body),
    // Answers to jobs of this node
    "job.accepted": (body, { peer, member }) => peer.jobsOver(member)?.accepted(body),
    "job.refused": (body, { peer, member }) => peer.jobsOver(member)?.refused(body),
    "job.shortened": (body, { peer, member }) => peer.jobsOver(member)?.shortened(body),
    "job.tokens": (body, { peer, member }) => peer.jobsOver(member)?.tokens(body),
    "job.done": (body, { peer, member }) => peer.jobsOver(member)?.done(body),
    "job.vectors": (body, { peer, member }) => peer.jobsOver(member)?.vectors(body),
    "job.failed": (body, { peer, member }) => peer.jobsOver(member)?.failed(body),
    // Rules
    charter: (body, { member }) => void governance.takeCharter(member, body),
    epochs: (body, { member }) => void governance.takeEpochs(member, body),
    removal: (body, { member }) => void governance.takeRemoval(member, body),
    proposal: (body, { member }) => void governance.takeProposal(member, body),
    revocation: (body, { member }) => void governance.takeRevocation(member, body),
    double: (body, { member }) => void governance.takeDouble(member, body),
    head: (body, { member }) => void governance.takeHead(member, body),
    proof: (body, { member }) => void governance.takeProof(member, body),
    standing: (body, { member }) => void governance.takeStanding(member, body),
    // Guests
    knock: (body, { member }) => void door.takeKnock(member.link, body),
    "knock.answer": (body) => door.takeAnswer(body),
    // Members beyond the links
    gossip: (body, { member }) => gossip.directory.takeStatements(member.did, body),
    "view.sums": (body, { member }) => gossip.directory.takeSums(member.did, body),
    "view.list": (body, { member }) => gossip.directory.takeList(member.did, body),
    "view.pull": (body, { member }) => gossip.directory.takePull(member.did, body),
  };
}
