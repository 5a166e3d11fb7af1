/** Sentences about the room that this device is in, or could open. The page and the embedded elements share them. */
import { plain } from "../../core";
import type { MembershipState, RoomState } from "../../grid";

/** The idea of a room, before one is opened. */
export const ROOM_IDEA =
  "People in a room share their devices: a laptop can answer a phone. Only people with the link can join.";

/** The meaning of sharing for a person who opens a room. */
export const OPENER_SHARE_HINT =
  "Others’ questions then run on it, and use its battery or electricity. You could read them.";

/** The meaning of sharing for a person who is inside. */
export const SHARE_HINT =
  "Others’ questions then run on this device, and use its battery or electricity. You could read them.";

/** Names the button for screen readers. */
export const STOP_SHARING = "Stop sharing this device";

export const NO_MODEL_TO_SHARE = "No model is loaded here yet, so there is nothing to share.";

export const NOBODY_ELSE = "Nobody else yet. People who join with the invite appear here.";

export const ONLY_OWNERS_INVITE = "Only owners of this room can make invites. Ask one of them for a link.";

/** How a person gets into the room who is not a member yet. */
export function waitingText(kind: Exclude<MembershipState["kind"], "member">): string {
  return kind === "looking"
    ? "Looking for someone in the room who can let you in. You can do other things meanwhile."
    : "You asked to join. A member has to let you in; keep this page open meanwhile.";
}

/** Says which people can come in with the invite. */
export function inviteNote({ charter }: RoomState): string {
  switch (charter?.admission.kind) {
    case "approval":
      return "Anyone with this link can ask to join.";
    case "listed":
      return "Only listed people can join with this link.";
    case "houses":
      return "Only people of the listed profiles can join with this link.";
    default:
      return "Anyone with this link can join. Give it only to people you trust.";
  }
}

/** Explains that nobody shares a device; undefined if somebody does. */
export function nobodySharesText({ peers, share }: RoomState): string | undefined {
  if (share !== false || peers.some(({ sharing }) => sharing)) return undefined;
  const then = "so each device answers only for itself. Turn on “Share this device” to answer for the others.";
  return peers.length === 0 ? `You do not share this device, ${then}` : `Nobody shares a device, ${then}`;
}

/** Explains that the signaling server is not connected; undefined while it is. */
export function signalingText({ signaling, peers, charter, membership }: RoomState): string | undefined {
  if (signaling === "connected") return undefined;
  if (signaling === "unreachable" && peers.length === 0) {
    const who = membership.kind === "member" ? "Nobody can join yet" : "Nobody can be found yet";
    return `${who}: the signaling server, through which devices meet, does not answer${servers(charter)}. This page keeps trying.`;
  }
  const line =
    signaling === "connecting"
      ? "Connecting to the signaling server"
      : "The signaling server cannot be reached; trying again";
  return peers.length > 0
    ? `${line}. You stay connected to the people here; new people have to wait.`
    : `${line}. Until then nobody can be found.`;
}

/** The hosts of the room's signaling servers in parentheses; empty while they are not known. */
function servers(charter: RoomState["charter"]): string {
  const hosts = charter?.servers.map((url) => (URL.canParse(url) ? new URL(url).host : plain(url))) ?? [];
  return hosts.length === 0 ? "" : ` (${hosts.join(", ")})`;
}
