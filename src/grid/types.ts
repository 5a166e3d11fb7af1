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

export type { ModelInfo };

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

/** Another node in the room, as plain data. */
export interface PeerState {
  readonly id: string;
  readonly did: string;
  readonly name: string;
  /** Browser and system, for people. */
  readonly device: string;
  /** Name of its GPU, empty where it has none. */
  readonly gpu: string;
  readonly rttMs: number | undefined;
  readonly offers: readonly ModelOffer[];
  readonly load: Load;
  /** True while it shares its device with the room. */
  readonly sharing: boolean;
}

export interface ShareOptions {
  /** Model ids to offer, or every loaded one. */
  readonly models: "all" | readonly string[];
  readonly maxJobs: number;
  readonly onlyWhileVisible: boolean;
  readonly pauseOnBattery: boolean;
}

export interface RoomState {
  readonly id: string;
  readonly name: string;
  readonly invite: string;
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
  readonly node: { readonly did: string; readonly name: string };
  readonly device: DeviceInfo;
  readonly policy: Policy;
  readonly models: readonly ModelInfo[];
  readonly loads: Readonly<Record<string, LoadState>>;
  readonly room: RoomState | undefined;
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
  readonly provider?: "local" | "room" | (string & {});
}

export interface LoadOptions {
  readonly signal?: AbortSignal;
  readonly engine?: EngineName;
  readonly backend?: Backend;
  readonly onProgress?: (progress: LoadProgress) => void;
}
