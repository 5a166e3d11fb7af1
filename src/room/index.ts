/** Rooms: invites, charters and membership, how nodes find each other, who is there, and jobs between them. */
export type { BulkFile, BulkModel } from "./bulk-frames";
export type { BulkSource, BulkTraffic } from "./bulk-traffic";
export { previewRoom } from "./door/preview";
export type { KnockInfo } from "./door/door";
export type { Welcome } from "./door/visit";
export type { Profile } from "./heartbeat";
export { inviteToUrl, parseInvite } from "./invite";
export type { Invite } from "./invite";
export { JobRefusedError } from "./jobs/refused";
export type { Sharing } from "./jobs/server";
export { exportMemberships, forgetMembership, found, keptRooms, readMemberships, saveMembership } from "./membership";
export type {
  Charter,
  CharterTerms,
  KeptRoom,
  MemberContext,
  Membership,
  MembershipParts,
  Standing,
} from "./membership";
export { recallRoom } from "./recall";
export type { SignalingState } from "./presence";
export type { ProposalInfo } from "./proposals";
export { RemotePeer } from "./remote-peer";
export { MAX_HIDDEN_BYTES, stepPace } from "./stage-frames";
export type { ReceivedStageBody, StageFrame, UnableReason } from "./stage-frames";
export type { StageTraffic } from "./stage-traffic";
export { RoomSession } from "./room-session";
export type { RoomOptions } from "./room-session";
