/** The planner's input (a model, nodes and links) and its result (a ring of stages, or a shortfall). */

/** The planner's view of a model. Arrays have one entry per layer. */
export interface PlanModel {
  /** Number of layers, at least 1. */
  readonly layers: number;
  /** Weights of each layer, in bytes. */
  readonly layerBytes: readonly number[];
  /** KV cache of each layer for one token of one sequence, in bytes; 0 for layers without one. */
  readonly kvBytesPerToken: readonly number[];
  /** State of fixed size of each layer for one sequence, in bytes. Default: none. */
  readonly fixedStateBytes?: readonly number[];
  /** Weights of the embedding, in bytes. */
  readonly embeddingBytes: number;
  /**
   * Weights of the final norm and the head, in bytes, without those that it shares with an embedding on the same node.
   */
  readonly headBytes: number;
  /** Bytes of one token's hidden state, as it crosses a cut. */
  readonly hiddenBytes: number;
  /** Bytes that go back per token if the consumer does not hold the head. Default: 4, for one sampled id. */
  readonly answerBytes?: number;
  /** Work of each layer, relative to the layer that nodes have measured. Default: 1 each. */
  readonly layerWork?: readonly number[];
}

/** A node's measurements for this model, and the memory that it offers. */
export interface PlanNode {
  readonly id: string;
  /** Memory that it may give to this pipeline, in bytes. */
  readonly memoryBytes: number;
  /** Time to decode one token through one layer, in ms. */
  readonly decodeMsPerLayer: number;
  /** Time per token and layer while a prompt is read, in ms. Default: the decode time. */
  readonly prefillMsPerTokenPerLayer?: number;
  /** Time of the embedding for one token, in ms, if this node computes it. Default: 0. */
  readonly embedMs?: number;
  /** Time of the head and of sampling for one token, in ms, if this node computes it. Default: 0. */
  readonly headMs?: number;
}

/** A link between two nodes, as measured. */
export interface PlanLink {
  /** Round trip, in ms. A hop takes half of it, plus the time to send its bytes. */
  readonly rttMs: number;
  /** Throughput in the requested direction. */
  readonly bytesPerSecond: number;
}

/** Least time per token of one request, or most tokens per second of all requests together. */
export type PlanGoal = "latency" | "throughput";

/** The model to run, the consumer, and the nodes that could help. */
export interface PlanProblem {
  readonly model: PlanModel;
  /** Maximum number of tokens of each sequence; the KV cache is sized for it. */
  readonly context: number;
  /** Number of requests in flight at once; each has a KV cache of its own. Default: 1. */
  readonly sequences?: number;
  readonly goal: PlanGoal;
  /**
   * All nodes that may hold layers, including the consumer. Peers with impossible figures are refused, see `refused`.
   */
  readonly nodes: readonly PlanNode[];
  /** The consumer: the node that makes the requests. If it is not in `nodes`, it has no memory to give. */
  readonly self: string;
  /** The link from one node to another; undefined if there is none. Impossible figures count as no link. */
  readonly links: (from: string, to: string) => PlanLink | undefined;
  /**
   * The consumer holds embedding and head, so that token ids stay with it. Default: true. Otherwise they go with the
   * first and the last layer.
   */
  readonly consumerKeepsEnds?: boolean;
  /** Exactly this many nodes must hold layers. Default: whatever serves the goal best. */
  readonly stages?: number;
  /** Only these nodes may hold layers, which also applies to the consumer. Default: all. */
  readonly nodesAllowed?: readonly string[];
  /** Memory that a node needs beside weights and KV cache, in bytes. Default: 64 MiB. */
  readonly overheadBytes?: number;
  /**
   * Among all plans at most this share slower than the best, the one with the fewest peers is chosen. Default: 0.02.
   */
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
  /**
   * Predicted time for one token to reach the next stage (or the consumer, after the last), in ms; 0 on the same node.
   */
  readonly hopMs: number;
}

/** The ends of the ring: embedding and head. */
interface PlannedEnds {
  /** The node that holds the embedding: the consumer, unless it gave the ends away. */
  readonly embedding: string;
  readonly head: string;
  /** Predicted time of the embedding for one token, in ms. */
  readonly embedMs: number;
  /** Predicted time of the head for one token, in ms. */
  readonly headMs: number;
  /** Predicted time from the consumer to the first stage, in ms; 0 if the consumer holds that stage itself. */
  readonly hopMs: number;
}

/** A ring of stages, from the consumer back to it, and its predicted times. */
export interface RingPlan {
  readonly kind: "plan";
  /** In ring order, covering every layer once. The consumer may be the first, the last, or both. */
  readonly stages: readonly StagePlacement[];
  readonly ends: PlannedEnds;
  /** Time for one token of one request through all stages, ends and hops, in ms. */
  readonly msPerToken: number;
  /** Time for which one token occupies the busiest node or link, in ms; no schedule can be faster. */
  readonly busiestMs: number;
  /** Least mean time between two tokens of all requests together: max(busiestMs, msPerToken / sequences). */
  readonly boundMsPerToken: number;
  /** For all requests together: 1000 / boundMsPerToken. */
  readonly tokensPerSecond: number;
  /**
   * Time per token of a long prompt whose chunks follow each other through the ring, at the slowest node or link, in
   * ms.
   */
  readonly prefillMsPerToken: number;
  /** Bytes by which nodes exceed the memory that they may give: 0 for a plan, possibly more for a given assignment. */
  readonly excessBytes: number;
  /** How the plan was found: "exact" means that no better one exists, "given" that `predict` rated an assignment. */
  readonly method: "exact" | "heuristic" | "given";
  readonly refused: readonly RefusedNode[];
}

/** A node that was left out because its figures are impossible. */
export interface RefusedNode {
  readonly id: string;
  readonly reason: "memory" | "rate" | "duplicate";
}

/** Why there is no plan. */
export interface Shortfall {
  readonly kind: "shortfall";
  /**
   * - `memory`: all nodes together have too little memory.
   * - `consumer`: the consumer has no memory for embedding and head.
   * - `links`: there is enough memory, but nodes cannot reach each other.
   * - `stages`: there are plans, but none with the requested number of stages.
   */
  readonly reason: "memory" | "consumer" | "links" | "stages";
  /** For `memory`, the bytes that one more node would have to give; for `consumer`, the bytes that it lacks; else 0. */
  readonly missingBytes: number;
  /** Layers that no node could take; 0 unless memory is missing. */
  readonly missingLayers: number;
  /** Weights and KV cache of the whole model, in bytes. */
  readonly neededBytes: number;
  /** Memory that the nodes offer for weights and KV cache, without their overhead, in bytes. */
  readonly offeredBytes: number;
  readonly refused: readonly RefusedNode[];
}

/** The layers of one node, as input for `predict`. */
export interface StageAssignment {
  readonly node: string;
  readonly from: number;
  readonly to: number;
}
