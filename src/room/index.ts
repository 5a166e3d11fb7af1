/** Rooms: invites, charters and membership, how nodes find each other, who is there, and jobs between them. */
export type { BulkFile } from "./frames/bulk";
export type { BulkSource, WeightTransfer } from "./weights/transfer";
export { previewRoom } from "./door/preview";
export type { Welcome } from "./door/guest-session";
export { allowsModel, isSameModel, publicModel, publicTitle } from "./public-model";
export type { Profile } from "./links/heartbeat";
export { inviteToUrl, parseInvite } from "./invite/link";
export type { Invite } from "./invite/invite";
export { endOfToken } from "./invite/token";
export { MAX_JOB_INPUTS, MAX_NEW_ROOM_NAME_CHARS } from "./constants";
export { ABOUT_THE_REQUEST, JobLostError } from "./jobs/lost";
export { JobRefusedError } from "./jobs/refused";
export {
  GivenPlaces,
  checkMemberships,
  exportMemberships,
  forgetMembership,
  found,
  givingWay,
  keptRooms,
  readMemberships,
  saveMembership,
} from "./membership";
export type {
  Charter,
  CharterTerms,
  SignedTerms,
  MemberContext,
  Membership,
  MembershipParts,
  Standing,
} from "./membership";
export { recallRoom } from "./membership/recall";
export type { ProposalInfo } from "./governance/proposals";
export { MAX_GRAPH_BYTES, MAX_HIDDEN_BYTES, stepPace } from "./frames/stage";
export type { ReceivedStageBody, StageFrame, UnableReason } from "./frames/stage";
export type { StageLanes } from "./stages/lanes";
export { StageRegistry } from "./stages/registry";
export type { StageHandlers } from "./stages/registry";
export { RoomSession } from "./room-session";
export type { RoomOptions } from "./room-session";
export {
  INVITE_DAYS,
  MAX_CHARTER_LIST,
  MAX_CHARTER_TEXT_CHARS,
  MAX_FOUNDERS,
  MAX_NAME_CHARS,
  MAX_PEOPLE,
  MAX_SERVERS,
  STANDARD_PEOPLE,
} from "./constants";
