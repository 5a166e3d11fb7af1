/** The planner's question and its answers: a model, nodes and links in; a ring of stages, or what is missing, out. */

/** What the planner must know of a model. Arrays have one entry per layer. */
export interface PlanModel {
  /** Number of layers, at least 1. */
  readonly layers: number;
  /** Weights of each layer, in bytes. */
  readonly layerBytes: readonly number[];
  /** KV cache of each layer for one token of one sequence, in bytes; 0 for layers that keep none. */
  readonly kvBytesPerToken: readonly number[];
  /** Weights of the embedding, in bytes. */
  readonly embeddingBytes: number;
  /** Weights of the final norm and the head, in bytes; leave out what it shares with an embedding beside it. */
  readonly headBytes: number;
  /** Bytes of one token's hidden state, as it crosses a cut. */
  readonly hiddenBytes: number;
  /** Bytes that go back per token where the head is not the consumer's. Default: 4, one sampled id. */
  readonly answerBytes?: number;
  /** Work of each layer against the layer that nodes have measured. Default: 1 each. */
  readonly layerWork?: readonly number[];
}

/** What a node measured of itself for this model, and what it is willing to give. */
export interface PlanNode {
  readonly id: string;
  /** Memory it may give to this pipeline, in bytes. */
  readonly memoryBytes: number;
  /** Time to decode one token through one layer, in ms. */
  readonly decodeMsPerLayer: number;
  /** Time per token and layer while a prompt is read, in ms. Default: as slow as decoding. */
  readonly prefillMsPerTokenPerLayer?: number;
  /** Time of the embedding for one token, in ms, where this node does it. Default: 0. */
  readonly embedMs?: number;
  /** Time of the head and of sampling for one token, in ms, where this node does it. Default: 0. */
  readonly headMs?: number;
}

/** A link between two nodes, as measured. */
export interface PlanLink {
  /** Round trip, in ms; a hop takes half of it, and the time to send its bytes. */
  readonly rttMs: number;
  /** Throughput in the direction asked for. */
  readonly bytesPerSecond: number;
}

/** Least time per token of one request, or most tokens per second of all requests together. */
export type PlanGoal = "latency" | "throughput";

/** What shall run, for whom, and who could help. */
export interface PlanProblem {
  readonly model: PlanModel;
  /** Tokens that each sequence may grow to; the KV cache is sized for it. */
  readonly context: number;
  /** Requests in flight at once; each has a KV cache of its own. Default: 1. */
  readonly sequences?: number;
  readonly goal: PlanGoal;
  /** Everybody who may hold layers, the consumer included. Peers with impossible figures are refused, see `refused`. */
  readonly nodes: readonly PlanNode[];
  /** The consumer: the node whose request it is. Where it is not in `nodes`, it has no memory to give. */
  readonly self: string;
  /** The link from one node to another; undefined where there is none, and figures that cannot be are none. */
  readonly links: (from: string, to: string) => PlanLink | undefined;
  /**
   * The consumer holds embedding and head, so that token ids stay with it. Default: true.
   * Else they go with the first and with the last layer.
   */
  readonly consumerKeepsEnds?: boolean;
  /** Exactly this many nodes shall hold layers. Default: as many as serve the goal. */
  readonly stages?: number;
  /** Only these nodes may hold layers; the consumer too must be named to hold any. Default: all. */
  readonly nodesAllowed?: readonly string[];
  /** Memory a node needs beside weights and KV cache, in bytes. Default: 64 MiB. */
  readonly overheadBytes?: number;
  /** Of all plans at most this share slower than the best, the one with the fewest peers is taken. Default: 0.02. */
  readonly margin?: number;
}

/** One contiguous range of layers on one node. */
export interface StagePlacement {
  readonly node: string;
  /** First layer. */
  readonly from: number;
  /** The layer after the last. */
  readonly to: number;
  /** Weights of these layers, in bytes. */
  readonly bytes: number;
  /** KV cache of these layers, for all sequences at full context, in bytes. */
  readonly kvBytes: number;
  /** Predicted time for one token through these layers, in ms, without embedding and head. */
  readonly decodeMs: number;
  /** Predicted way of one token to the next stage, from the last one to the consumer, in ms; 0 on one node. */
  readonly hopMs: number;
}

/** Where the ring begins and ends. */
export interface PlannedEnds {
  /** Who holds the embedding: the consumer, unless it gave the ends away. */
  readonly embedding: string;
  readonly head: string;
  /** Predicted time of the embedding for one token, in ms. */
  readonly embedMs: number;
  /** Predicted time of the head for one token, in ms. */
  readonly headMs: number;
  /** Predicted way from the consumer to the first stage, in ms; 0 where that is the consumer's own. */
  readonly hopMs: number;
}

/** A ring of stages, from the consumer back to it, and what to expect of it. */
export interface RingPlan {
  readonly kind: "plan";
  /** In ring order, covering every layer once. The consumer may be the first, the last, or both. */
  readonly stages: readonly StagePlacement[];
  readonly ends: PlannedEnds;
  /** One token of one request: all stages, ends and hops, one after the other, in ms. */
  readonly msPerToken: number;
  /** What the busiest node or link is occupied by one token, in ms: no schedule goes below. */
  readonly busiestMs: number;
  /** Least mean time between two tokens of all requests together: max(busiestMs, msPerToken / sequences). */
  readonly boundMsPerToken: number;
  /** Of all requests together: 1000 / boundMsPerToken. */
  readonly tokensPerSecond: number;
  /** A long prompt, chunk behind chunk through the ring: time per token at the slowest node or link, in ms. */
  readonly prefillMsPerToken: number;
  /** Bytes by which nodes hold more than they may give: 0 for a plan, perhaps more for a given assignment. */
  readonly excessBytes: number;
  /** Whether a better plan can exist: "exact" says no, "given" is an assignment that `predict` rated. */
  readonly method: "exact" | "heuristic" | "given";
  readonly refused: readonly RefusedNode[];
}

/** A node that was left out, as what it says of itself cannot be. */
export interface RefusedNode {
  readonly id: string;
  readonly reason: "memory" | "rate" | "duplicate";
}

/** Why there is no plan. */
export interface Shortfall {
  readonly kind: "shortfall";
  /**
   * - `memory`: all nodes together give too little.
   * - `consumer`: the consumer has no room for embedding and head.
   * - `links`: memory would do, but nodes cannot reach each other.
   * - `stages`: there are plans, none with the number of stages asked for.
   */
  readonly reason: "memory" | "consumer" | "links" | "stages";
  /** For `memory`: what one more node would have to give; for `consumer`: what it lacks; else 0. */
  readonly missingBytes: number;
  /** Layers that nobody could take; 0 unless memory is missing. */
  readonly missingLayers: number;
  /** Weights and KV cache of the whole model, in bytes. */
  readonly neededBytes: number;
  /** What the nodes offer for weights and KV cache, their overhead taken off, in bytes. */
  readonly offeredBytes: number;
  readonly refused: readonly RefusedNode[];
}

/** Who holds which layers, for `predict`. */
export interface StageAssignment {
  readonly node: string;
  readonly from: number;
  readonly to: number;
}
