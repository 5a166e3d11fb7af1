/** Rooms: invites, how nodes find each other, who is there, and jobs between them. */
export { foundRoom, inviteToUrl, parseInvite } from "./invite";
export type { Invite } from "./invite";
export { JobRefusedError } from "./jobs/refused";
export type { Sharing } from "./jobs/server";
export type { SignalingState } from "./presence";
export { RemotePeer } from "./remote-peer";
export { RoomSession } from "./room-session";
export type { Profile } from "./room-session";
