/** The public data types of pipelines: plans, and the state of running pipelines. */
import type { ModelOffer } from "../../inference";

/** The layers that a plan puts on one device. */
export interface PlannedStage {
  /** Id of the peer, or `"self"` for this device. */
  readonly peer: string;
  readonly name: string;
  /** Layers `[from, to)`. */
  readonly from: number;
  readonly to: number;
  /** Memory for its weights and its KV caches, in bytes. */
  readonly bytes: number;
  /** Time of one token through these layers, in ms. */
  readonly decodeMs: number;
  /** Time of one token from here to the next stage, or back to this device, in ms. */
  readonly hopMs: number;
}

/** A device that is not part of a plan, and why. */
export interface LeftOut {
  readonly peer: string;
  readonly name: string;
  /** `consent`: its user was asked and has not agreed yet. `unneeded`: it would not make the pipeline faster. */
  readonly why: "consent" | "charter" | "model" | "memory" | "failed" | "silent" | "unneeded";
  /** A sentence for people. */
  readonly text: string;
}

/** A plan: which device holds which layers of a model, and how fast it would be. */
export interface PipelinePlan {
  readonly model: string;
  readonly name: string;
  /** Path of the graph among the model's files. */
  readonly graph: string;
  readonly weightsHash: string;
  readonly layers: number;
  /** Maximum number of tokens of a prompt and its answer together. */
  readonly context: number;
  /** Number of KV caches that each stage keeps at once. */
  readonly sequences: number;
  /** In ring order, including this device's own layers; empty if something is missing. */
  readonly stages: readonly PlannedStage[];
  /**
   * Time of the embedding and the head, which stay on this device, and (`entryMs`) of the hop to the first stage, in ms per
   * token.
   */
  readonly endsMs: number;
  readonly entryMs: number;
  /** Predicted time per token of one answer, in ms. */
  readonly msPerToken: number;
  /** Predicted rate of all answers together. */
  readonly tokensPerSecond: number;
  /** Memory that the whole model needs, in bytes. */
  readonly neededBytes: number;
  /** The missing memory; undefined if the plan can be opened. */
  readonly missing: { readonly bytes: number; readonly text: string } | undefined;
  readonly leftOut: readonly LeftOut[];
}

export interface PlanOptions {
  /** How many devices hold layers. Default: the smallest number that is fastest. */
  readonly stages?: number;
  /** Number of answers at once (default 1). Above 1, the plan maximises the total rate instead of the speed of each answer. */
  readonly answers?: number;
  /** Limits the plan to these devices: ids of peers, `"self"` for this device. */
  readonly nodes?: readonly string[];
}

/** The state of a pipeline of this device. */
export interface PipelineState {
  readonly id: string;
  readonly model: string;
  readonly name: string;
  /** `repairing`: a device was lost, and answers wait until another one has taken its layers. */
  readonly status: "forming" | "ready" | "repairing";
  /** In ring order. */
  readonly stages: readonly StageState[];
  readonly layers: number;
  /** The offer with which it answers; undefined until it is ready. */
  readonly offer: ModelOffer | undefined;
}

/** The state of one device's stage. */
export interface StageState {
  readonly peer: string;
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly ready: boolean;
  /** While it loads: bytes that have arrived, and the total. */
  readonly loadedBytes: number;
  readonly totalBytes: number;
}

/** Layers that this device holds for another member. */
export interface HeldStage {
  readonly pipeline: string;
  /** Id of the pipeline's owner. */
  readonly peer: string;
  readonly name: string;
  readonly model: string;
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
}

/** A member's request that this device holds layers. */
export interface LayersWish {
  readonly peer: string;
  readonly name: string;
  readonly model: string;
}
