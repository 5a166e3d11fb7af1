/** What the grid shows to the page: plain, immutable snapshots and the events of an answer. */
import type { ErrorData } from "../core";
import type {
  Backend,
  DeviceInfo,
  EngineName,
  FinishReason,
  GenerationRequest,
  LoadProgress,
  ModelOffer,
  PrivacyClass,
  Provider,
  TokenLogprob,
  Usage,
} from "../inference";
import type { ModelInfo } from "../models";

import type { HeldStage, LayersWish, PipelineState } from "./pipelines/types";

export type { ModelInfo };
export type * from "./pipelines/types";

/** What the user allows and prefers for a request. */
export interface Policy {
  /** How far a prompt may travel: this device only, the room's peers, or anywhere. */
  readonly privacy: PrivacyClass;
  readonly prefer: "speed" | "privacy" | "cost";
}

/** Whether a model is in memory; models that are not listed are idle. */
export type LoadState =
  | { readonly kind: "loading"; readonly progress: LoadProgress }
  | { readonly kind: "ready"; readonly offer: ModelOffer }
  | { readonly kind: "failed"; readonly error: ErrorData };

export interface Load {
  readonly running: number;
  readonly queued: number;
  /** Recent tokens per second over all jobs. */
  readonly tokenRate: number;
  readonly visible: boolean;
  /** Share of battery left, 0 to 1; undefined where unknown or on mains. */
  readonly battery: number | undefined;
}

/** A person or an organisation that vouches for a node by a signature that was checked; all others are unverified. */
export interface VerifiedHouse {
  readonly did: string;
  readonly name: string;
}

/** A node that a house vouches for, as the device that signed it lists them. */
export interface DelegationState {
  /** The node that is vouched for. */
  readonly subject: string;
  /** What its owner called it when it was delegated to. */
  readonly label: string;
  readonly scopes: readonly ("member" | "founder")[];
  /** Milliseconds since 1970. */
  readonly notAfter: number;
  readonly revoked: boolean;
}

/** The house of this node. */
export interface HouseState extends VerifiedHouse {
  readonly scopes: readonly ("member" | "founder")[];
  /** When the house stops vouching for this node, in milliseconds since 1970. */
  readonly notAfter: number;
  /** Whether the key of the house itself is kept on this device, so that it can sign for it. */
  readonly keyHere: boolean;
  /** Nodes that were delegated to from this device. */
  readonly delegations: readonly DelegationState[];
}

/** Another node in the room, as plain data. */
export interface PeerState {
  readonly id: string;
  readonly did: string;
  readonly name: string;
  /** Who vouches for it; undefined means unverified. */
  readonly house: VerifiedHouse | undefined;
  /** Whether it, or its house, has founded the room. */
  readonly founder: boolean;
  /** Browser and system, for people. */
  readonly device: string;
  /** Name of its GPU, empty where it has none. */
  readonly gpu: string;
  readonly rttMs: number | undefined;
  readonly offers: readonly ModelOffer[];
  readonly load: Load;
  /** True while it shares its device with the room. */
  readonly sharing: boolean;
  /** Memory that it gives to layers of models that others run; 0 for none. */
  readonly layersBytes: number;
}

export interface ShareOptions {
  /** Model ids to offer, or every loaded one. */
  readonly models: "all" | readonly string[];
  readonly maxJobs: number;
  readonly onlyWhileVisible: boolean;
  readonly pauseOnBattery: boolean;
  /** Whether layers of models that others run may be held here; asked of the user once. */
  readonly layers: boolean;
  /** Memory for them, in bytes. */
  readonly layersBytes: number;
}

/** Who may enter a room, besides its founders. */
export type AdmissionRule =
  /** Everybody with an invite. */
  | { readonly kind: "invite" }
  /** Who knocks with an invite and is let in by a member. */
  | { readonly kind: "approval" }
  /** Only these nodes, or nodes of these houses, by their dids. */
  | { readonly kind: "listed"; readonly dids: readonly string[] }
  /** Every node that one of these houses vouches for as a member. */
  | { readonly kind: "houses"; readonly houses: readonly string[] };

/** What the members of a room have agreed on; signed by its founders, enforced by every node by itself. */
export interface CharterTerms {
  readonly name: string;
  /** What the room is for, in the founders' words; may be empty. */
  readonly purpose: string;
  readonly admission: AdmissionRule;
  /** Who may make invites. */
  readonly invites: "members" | "founders";
  /** URLs of the room's signaling servers. */
  readonly servers: readonly string[];
  /** Ids of the models that may answer here. */
  readonly models: "any" | readonly string[];
  /** Limits for each member; undefined where there is none. */
  readonly limits: {
    readonly jobsAtOnce: number | undefined;
    readonly tokensPerAnswer: number | undefined;
    readonly answersPerHour: number | undefined;
  };
  /** Whether only those are answered who share their own device too. */
  readonly contribution: "welcome" | "expected";
  /** Whether members may answer with remote endpoints. */
  readonly endpoints: boolean;
  /** Whether capacity may be passed on to other rooms. */
  readonly federation: boolean;
  /** What is logged, in the founders' words; empty means nothing. */
  readonly logs: string;
}

/** What a new room is made with; everything has a default. */
export type CharterOptions = Partial<Omit<CharterTerms, "name">> & {
  /** Dids of founders besides this node's house (or this node). */
  readonly founders?: readonly string[];
  /** How many founders must sign a change; 1 by default. */
  readonly quorum?: number;
};

/** The charter that is in force. */
export interface CharterState extends CharterTerms {
  /** Counts changes, from 0. */
  readonly version: number;
  /** SHA-256 of the signed charter, hexadecimal. */
  readonly hash: string;
  readonly founders: readonly string[];
  readonly quorum: number;
}

/** Somebody who asks to come in. */
export interface Knock {
  readonly did: string;
  readonly name: string;
  readonly device: string;
  readonly house: VerifiedHouse | undefined;
}

/** A change that waits for the signatures of more founders. */
export interface Proposal {
  readonly id: string;
  /** What it changes, in a sentence. */
  readonly text: string;
  /** The rules as they would be then; undefined where members are removed. */
  readonly terms: CharterTerms | undefined;
  readonly signed: readonly string[];
  readonly needed: number;
  /** Whether this node can sign it and has not. */
  readonly mine: boolean;
}

/** What a guest sees of a room before entering it. */
export interface RoomPreview {
  readonly roomId: string;
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

/** Where this node stands with the room. */
export type MembershipState =
  /** Looking for somebody who can let this node in. */
  | { readonly kind: "looking" }
  /** A member is asked to let this node in. */
  | { readonly kind: "knocking" }
  | { readonly kind: "member"; readonly founder: boolean };

export interface RoomState {
  readonly id: string;
  readonly name: string;
  /** A link that lets others in or ask to be; empty where this node may not make one. */
  readonly invite: string;
  readonly membership: MembershipState;
  /** Undefined until this node has seen it. */
  readonly charter: CharterState | undefined;
  /** Counts removals of members, from 0. */
  readonly epoch: number;
  /** Whether this node may make invites. */
  readonly mayInvite: boolean;
  readonly knocks: readonly Knock[];
  readonly proposals: readonly Proposal[];
  /** A sentence where the invite cannot work for others as it is (localhost, plain http); else undefined. */
  readonly inviteWarning: string | undefined;
  /** State of the line to the signaling server; links to peers do not depend on it. */
  readonly signaling: "connecting" | "connected" | "reconnecting";
  /** True where no ICE server is configured: only peers on the same network can be reached. */
  readonly lanOnly: boolean;
  readonly peers: readonly PeerState[];
  /** What is shared, or why sharing is paused, or false. */
  readonly share: { readonly options: ShareOptions; readonly paused: string | undefined } | false;
  /** Jobs of peers that run here now. */
  readonly serving: number;
  /** Layers that this device holds for pipelines of others. */
  readonly holding: readonly HeldStage[];
  /** Who wants to run which model with this device's help, while its user has not said whether that is welcome. */
  readonly layersWanted: readonly LayersWish[];
}

/** Servers that this node uses, as the user has set them or as the site does. */
export interface NetworkSettings {
  /** URLs of signaling servers for rooms that are opened here; rooms bring their own. */
  readonly signaling: readonly string[];
  readonly iceServers: readonly RTCIceServer[];
  /** Only relayed candidates: peers and their networks do not learn this device's address. */
  readonly relayOnly: boolean;
}

/** What an invite says before joining. */
export interface InviteInfo {
  readonly roomId: string;
  readonly name: string;
  readonly servers: readonly string[];
}

/** Something the user should know, until it is dismissed or no longer true. */
export interface Notice {
  readonly id: string;
  readonly level: "info" | "warning" | "error";
  readonly text: string;
}

/** Everything that the page shows of a node; replaced, never changed. */
export interface GridState {
  /** Whether this tab runs the node or is attached to the tab that does. */
  readonly role: "starting" | "leader" | "attached";
  readonly node: { readonly did: string; readonly name: string; readonly house: HouseState | undefined };
  readonly network: NetworkSettings;
  readonly device: DeviceInfo;
  readonly policy: Policy;
  readonly models: readonly ModelInfo[];
  readonly loads: Readonly<Record<string, LoadState>>;
  readonly room: RoomState | undefined;
  /** Models that this device runs together with others. */
  readonly pipelines: readonly PipelineState[];
  readonly notices: readonly Notice[];
}

/** Who answers (a part of) an answer, and why. */
export interface Route {
  readonly provider: { readonly id: string; readonly kind: Provider["kind"]; readonly name: string };
  /** Sentences for people: why this one, and why not the others. */
  readonly why: readonly string[];
  /** 1 for the first provider tried, 2 for the next, … */
  readonly attempt: number;
  readonly offer: ModelOffer;
  /** False where the answer goes on from another package, engine or backend and so may differ. */
  readonly exact: boolean;
}

/** Where an answer was computed and how long it took; `microgrid` in the public completion. */
export interface AnswerSummary {
  readonly provider: Route["provider"];
  /** The `why` of every route, in order. */
  readonly route: readonly string[];
  readonly attempts: number;
  readonly timings: { readonly queueMs: number; readonly firstTokenMs: number; readonly totalMs: number };
}

/** The events of one answer: those of the generation, and who gives it. */
export type AnswerEvent =
  | { readonly type: "route"; readonly route: Route }
  | { readonly type: "queued"; readonly position: number; readonly etaMs: number }
  | {
      readonly type: "token";
      readonly text: string;
      readonly ids: readonly number[];
      readonly logprobs?: readonly TokenLogprob[];
    }
  | {
      readonly type: "done";
      readonly finishReason: FinishReason;
      readonly usage: Usage;
      readonly summary: AnswerSummary;
    };

/** A request to the router: a generation, and what the user allows for it. */
export interface AnswerRequest {
  readonly generation: GenerationRequest;
  readonly policy?: Partial<Policy>;
  /** Only this kind of provider, or the one peer with this id. */
  readonly provider?: "local" | "room" | "pipeline" | (string & {});
}

export interface LoadOptions {
  readonly signal?: AbortSignal;
  readonly engine?: EngineName;
  readonly backend?: Backend;
  readonly onProgress?: (progress: LoadProgress) => void;
}

/** Limits of a new invite; without them it lets in anybody for 30 days. */
export interface InviteOptions {
  readonly uses?: number;
  readonly endsAt?: Date;
}
