/** Pipelines as the page sees them: plans, and what runs. */
import type { ModelOffer } from "../../inference";

/** Layers on one device. */
export interface PlannedStage {
  /** Id of the peer, or `"self"`. */
  readonly peer: string;
  readonly name: string;
  /** Layers `[from, to)`. */
  readonly from: number;
  readonly to: number;
  /** Memory for its weights and for the texts that it keeps in mind, in bytes. */
  readonly bytes: number;
  /** One token through these layers, in ms. */
  readonly decodeMs: number;
  /** Way of one token from here to the next stage, or back to this device, in ms. */
  readonly hopMs: number;
}

/** Why a device has no part in a plan. */
export interface LeftOut {
  readonly peer: string;
  readonly name: string;
  /** `consent`: its user has not agreed yet, and was asked. `unneeded`: it would not make it faster. */
  readonly why: "consent" | "charter" | "model" | "memory" | "failed" | "silent" | "unneeded";
  /** A sentence for people. */
  readonly text: string;
}

/** Who would hold which layers of a model. */
export interface PipelinePlan {
  readonly model: string;
  readonly name: string;
  /** Which of the model's files it is for. */
  readonly graph: string;
  readonly weightsHash: string;
  readonly layers: number;
  /** Tokens that a prompt and its answer may have. */
  readonly context: number;
  /** Texts that all stages keep in mind at once. */
  readonly sequences: number;
  /** In the order of the ring, this device's own parts among them; empty where something is missing. */
  readonly stages: readonly PlannedStage[];
  /** Embedding and head, which stay on this device, and the way to the first stage, in ms for one token. */
  readonly endsMs: number;
  readonly entryMs: number;
  /** Predicted, in ms for one token of one answer. */
  readonly msPerToken: number;
  /** Predicted, of several answers together. */
  readonly tokensPerSecond: number;
  /** Memory that the whole model needs, in bytes. */
  readonly neededBytes: number;
  /** What stands in the way; undefined where the plan can be opened. */
  readonly missing: { readonly bytes: number; readonly text: string } | undefined;
  readonly leftOut: readonly LeftOut[];
}

export interface PlanOptions {
  /** So many devices shall hold layers; default: the fewest that are fastest. */
  readonly stages?: number;
  /** Answers at once. More than one: as many tokens in all as can be, rather than each as soon as can be. Default: 1. */
  readonly answers?: number;
  /** Only these: ids of peers, `"self"` for this device. */
  readonly nodes?: readonly string[];
}

/** A model that this device runs together with others. */
export interface PipelineState {
  readonly id: string;
  readonly model: string;
  readonly name: string;
  /** `repairing`: answers wait until another device has taken the layers of one that was lost, and go on then. */
  readonly status: "forming" | "ready" | "repairing";
  /** In the order of the ring. */
  readonly stages: readonly StageState[];
  readonly layers: number;
  /** What it answers with, as of any model; undefined until it can. */
  readonly offer: ModelOffer | undefined;
}

/** One device's part of it. */
export interface StageState {
  readonly peer: string;
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly ready: boolean;
  /** While it loads: bytes that are there, and all. */
  readonly loadedBytes: number;
  readonly totalBytes: number;
}

/** Layers that this device holds for somebody. */
export interface HeldStage {
  readonly pipeline: string;
  /** Whose pipeline it is. */
  readonly peer: string;
  readonly name: string;
  readonly model: string;
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
}

/** Somebody would like this device to hold layers. */
export interface LayersWish {
  readonly peer: string;
  readonly name: string;
  readonly model: string;
}
