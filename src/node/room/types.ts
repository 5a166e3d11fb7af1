/** The public data types of rooms: their state, their rules, their members, and options. */
import type { ModelOffer } from "../../inference";
import type { CharterTerms } from "../../room";
import type { VerifiedHouse } from "../house/types";
import type { HeldStage, LayersWish } from "../pipelines/types";
import type { ShareOptions } from "../schemas";

export type { CharterTerms };

/** How busy a node is. */
interface Load {
  readonly running: number;
  readonly queued: number;
  /** Recent tokens per second over all jobs. */
  readonly tokenRate: number;
  readonly visible: boolean;
  /** 0.2 if its battery is low, otherwise 1; undefined if unknown or on mains. */
  readonly battery: number | undefined;
}

/** Another node in the room, as plain data. */
export interface PeerState {
  readonly id: string;
  readonly did: string;
  readonly name: string;
  /** The house that vouches for it; undefined means unverified. */
  readonly house: VerifiedHouse | undefined;
  /** Whether it or its house is a founder of the room. */
  readonly founder: boolean;
  /** Dids of the members that let it in, the nearest first; empty for founders and in rooms that list their members. */
  readonly admittedBy: readonly string[];
  /** When the nearest of them let it in, ms since 1970, as that one says; undefined if nobody did. */
  readonly admittedAt: number | undefined;
  /** Browser and operating system, as text for people. */
  readonly device: string;
  /** Name of its GPU; empty if it has none. */
  readonly gpu: string;
  /** Round trip in ms; undefined until it is measured. */
  readonly rttMs: number | undefined;
  readonly offers: readonly ModelOffer[];
  readonly load: Load;
  /** True while it shares its device with the room. */
  readonly sharing: boolean;
  /** Memory in bytes that it gives to layers of other members' models; 0 for none. */
  readonly layersBytes: number;
}

/** The rule that says who may enter a room. Founders can always enter. */
export type AdmissionRule = CharterTerms["admission"];

/** Options for a new room; everything has a default. */
export type CharterOptions = Partial<Omit<CharterTerms, "name">> & {
  /** Dids of founders in addition to this node's house (or this node). */
  readonly founders?: readonly string[];
  /** How many founders must sign a change; 1 by default. */
  readonly quorum?: number;
};

/** The charter in force. */
export interface CharterState extends CharterTerms {
  /** Counts changes, from 0. */
  readonly version: number;
  /** SHA-256 of the signed charter, hexadecimal. */
  readonly hash: string;
  readonly founders: readonly string[];
  readonly quorum: number;
}

/** A guest that asks to come in. */
export interface Knock {
  readonly did: string;
  readonly name: string;
  readonly device: string;
  readonly house: VerifiedHouse | undefined;
}

/** A proposed change that needs the signatures of more founders. */
export interface Proposal {
  readonly id: string;
  /** A sentence that describes the change. */
  readonly text: string;
  /** The rules after the change; undefined if it removes members. */
  readonly terms: CharterTerms | undefined;
  /** Dids of the founders that have signed. */
  readonly signed: readonly string[];
  /** How many founders must sign. */
  readonly needed: number;
  /** Whether this node can sign it and has not done so. */
  readonly mine: boolean;
}

/** A room as a guest sees it before entering. */
export interface RoomPreview {
  readonly roomId: string;
  /**
   * When a founder's device last said that the room is as it is shown here, in ms since 1970; undefined if none ever did. A
   * member who was removed later than that can still show the room as it was.
   */
  readonly foundersHeardAt: number | undefined;
  /** Whether that was lately. */
  readonly isConfirmed: boolean;
  readonly charter: CharterState;
  readonly inside: readonly {
    readonly did: string;
    readonly name: string;
    readonly device: string;
    readonly house: VerifiedHouse | undefined;
    readonly sharing: boolean;
    readonly models: readonly string[];
  }[];
}

/** The progress of this node's way into a room. */
export type MembershipState =
  /** It looks for a member that can let it in. */
  | { readonly kind: "looking" }
  /** A member is being asked to let it in. */
  | { readonly kind: "knocking" }
  | { readonly kind: "member"; readonly founder: boolean };

/** The state of the room that this node is in. */
export interface RoomState {
  readonly id: string;
  readonly name: string;
  /** A link with which others can come in or ask to; empty if this node may not make invites. */
  readonly invite: string;
  readonly membership: MembershipState;
  /** Undefined until this node has received it. */
  readonly charter: CharterState | undefined;
  /** Counts removals of members, from 0. */
  readonly epoch: number;
  /** Whether this node may make invites. */
  readonly mayInvite: boolean;
  readonly knocks: readonly Knock[];
  readonly proposals: readonly Proposal[];
  /** A sentence that says why the invite does not work for others (localhost, plain http); otherwise undefined. */
  readonly inviteWarning: string | undefined;
  /** State of the connection to the signaling server. Links to peers do not depend on it. */
  readonly signaling: "connecting" | "connected" | "reconnecting" | "unreachable";
  /** True if no ICE server is configured, so that only peers on the same network can be reached. */
  readonly lanOnly: boolean;
  readonly peers: readonly PeerState[];
  /** How this device is shared, and why sharing is paused if it is; `false` if it is not shared. */
  readonly share: { readonly options: ShareOptions; readonly paused: string | undefined } | false;
  /** Number of peers' jobs that run here now. */
  readonly serving: number;
  /** The models that run for them, by id. */
  readonly servingModels: readonly string[];
  /** Number of answers that this device has given to others today. */
  readonly answeredToday: number;
  /** Layers that this device holds for other members' pipelines. */
  readonly holding: readonly HeldStage[];
  /** Requests to hold layers that this device's user has not decided on yet. */
  readonly layersWanted: readonly LayersWish[];
}

/** The content of an invite. */
export interface InviteInfo {
  readonly roomId: string;
  /** The room's name; its end is missing if it was too long for the link. */
  readonly name: string;
  readonly servers: readonly string[];
  /** Until when it lets anybody in. Nobody has verified it yet. */
  readonly ends: Date;
  /** The invite as a link to this page, without any text that was around it. */
  readonly link: string;
}

/** Limits of a new invite. Without them, it admits any number of devices for 30 days. */
export interface InviteOptions {
  /** How many devices it admits. */
  readonly uses?: number;
  /** When it expires. */
  readonly endsAt?: Date;
}
