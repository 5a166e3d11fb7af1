/** The public data types of Microgrid: immutable snapshots of the state, options, and the events of an answer. */
import type { ErrorData } from "../core";
import type {
  Backend,
  DeviceInfo,
  Embedded,
  EmbeddingRequest,
  EngineName,
  FinishReason,
  GenerationRequest,
  LayerCheck,
  LoadProgress,
  ModelOffer,
  PieceEvent,
  Provider,
  Usage,
} from "../inference";
import type { ModelInfo } from "../models";
import type { HouseState } from "./house/types";
import type { PipelineState } from "./pipelines/types";
import type { Loss } from "./routing/losses";
import type { RoomState } from "./room/types";
import type { Policy } from "./schemas";

export type { ModelInfo };
export type * from "./house/types";
export type * from "./pipelines/types";
export type { Loss } from "./routing/losses";
export type * from "./room/types";
export type { Policy, ShareOptions } from "./schemas";

/** Whether a model is in memory. Models that are not listed are idle. */
export type LoadState =
  | { readonly kind: "loading"; readonly progress: LoadProgress }
  /** `checked` says which layers on the GPU gave the CPU's results; absent on the CPU. */
  | { readonly kind: "ready"; readonly offer: ModelOffer; readonly checked?: LayerCheck }
  /** `copyDeleted` if the files here may have been damaged and were deleted, so that another download may help. */
  | { readonly kind: "failed"; readonly error: ErrorData; readonly copyDeleted?: boolean };

/** How fast this device answered with a model on one backend, in tokens per second. */
export interface ModelSpeed {
  readonly model: string;
  readonly backend: Backend;
  /** The average of the last answers. */
  readonly average: number;
  /** The rate of the last answer. */
  readonly last: number;
}

/** The servers that this node uses: the user's settings, or else the site's. */
export interface NetworkSettings {
  /** URLs of signaling servers for rooms that are created here. Other rooms name their own. */
  readonly signaling: readonly string[];
  readonly iceServers: readonly RTCIceServer[];
  /** Allows only relayed connections, so that peers and their networks do not learn this device's address. */
  readonly relayOnly: boolean;
}

/** Information for the user, until it is dismissed or no longer true. */
export interface Notice {
  readonly id: string;
  readonly level: "info" | "warning" | "error";
  readonly text: string;
}

/** The whole state of a node as one plain value. A change replaces the value. */
export interface GridState {
  /** Whether this tab runs the node (`leader`) or is attached to the tab that runs it. */
  readonly role: "starting" | "leader" | "attached";
  readonly node: { readonly did: string; readonly name: string; readonly house: HouseState | undefined };
  readonly network: NetworkSettings;
  readonly device: DeviceInfo;
  readonly policy: Policy;
  readonly models: readonly ModelInfo[];
  readonly loads: Readonly<Record<string, LoadState>>;
  /** Speeds that were measured here, also on earlier visits; the newest is the last one. */
  readonly speeds: readonly ModelSpeed[];
  readonly room: RoomState | undefined;
  /** The room that was open when the page was closed, until a room is entered. */
  readonly returnTo: { readonly id: string; readonly name: string } | undefined;
  /** The pipelines of this device. */
  readonly pipelines: readonly PipelineState[];
  /** How far the reading of graphs for plans is, by model: bytes of the graph's file that were read or passed over. */
  readonly graphs: Readonly<Record<string, LoadProgress>>;
  readonly notices: readonly Notice[];
}

/** The choice of a provider for an answer, or for a part of it. */
export interface Route {
  readonly provider: { readonly id: string; readonly kind: Provider["kind"]; readonly name: string };
  /** Sentences for people: why this provider was chosen, and why others were not. */
  readonly why: readonly string[];
  /** 1 for the first provider tried, 2 for the next, … */
  readonly attempt: number;
  readonly offer: ModelOffer;
  /** False if the answer continues with another package, engine or backend, so that it may differ from an undisturbed one. */
  readonly exact: boolean;
}

/** Where an answer was computed and how long it took; the field `microgrid` of a chat completion. */
export interface AnswerSummary {
  readonly provider: Route["provider"];
  /** The `why` of every route, in order. */
  readonly route: readonly string[];
  readonly attempts: number;
  readonly timings: { readonly queueMs: number; readonly firstTokenMs: number; readonly totalMs: number };
}

/** The events of one answer: its routes, its tokens, and its end. */
export type AnswerEvent =
  | { readonly type: "route"; readonly route: Route }
  /** The provider of the last route gives no more of the answer; another route follows if somebody can go on. */
  | { readonly type: "lost"; readonly loss: Loss }
  | { readonly type: "queued"; readonly position: number; readonly etaMs: number }
  /** The provider can answer, and its model begins to read. Comes from this device and its pipelines only. */
  | { readonly type: "accepted" }
  /** Comes only if the request allows it (`shorten`): the answer does not know the oldest `messages` of the chat. */
  | { readonly type: "shortened"; readonly messages: number }
  | PieceEvent
  | {
      readonly type: "done";
      readonly finishReason: FinishReason;
      readonly usage: Usage;
      readonly summary: AnswerSummary;
    };

/** A request for an answer: the generation, and optionally a policy and a provider. */
export interface AnswerRequest {
  readonly generation: GenerationRequest;
  /** Takes precedence over the user's policy for this request. */
  readonly policy?: Partial<Policy>;
  /** Restricts the answer to this kind of provider, or to the peer with this id. */
  readonly provider?: "local" | "room" | "pipeline" | (string & {});
}

/** A request for embeddings, and optionally a policy and a provider, as in `AnswerRequest`. */
export interface EmbedRequest extends Pick<AnswerRequest, "policy" | "provider"> {
  readonly embedding: EmbeddingRequest;
}

/** Vectors, and where they were computed. */
export interface EmbedResult extends Embedded {
  /** Id of the model that made them. */
  readonly model: string;
  /** The number of inputs that each provider computed. */
  readonly providers: readonly { readonly provider: Route["provider"]; readonly inputs: number }[];
}

/** How a model is loaded. By default, the model's own engine and the best backend of this device are used. */
export interface LoadOptions {
  readonly signal?: AbortSignal;
  readonly engine?: EngineName;
  readonly backend?: Backend;
  readonly onProgress?: (progress: LoadProgress) => void;
}
