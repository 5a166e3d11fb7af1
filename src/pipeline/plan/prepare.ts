/**
 * Turns a planning problem into checked numbers. This is the only place where figures from peers are refused or
 * bounded.
 */
import { MicrogridError } from "../../core";
import {
  MARGIN,
  MAX_DECODE_MS_PER_LAYER,
  MAX_LAYERS,
  MIN_DECODE_MS_PER_LAYER,
  OVERHEAD_BYTES,
  TOKEN_BYTES,
} from "./limits";
import type { PlanGoal, PlanLink, PlanModel, PlanNode, PlanProblem, RefusedNode } from "./types";

/** A node with plausible figures. */
export interface Helper {
  readonly id: string;
  /** Bytes for weights and KV cache, without its overhead and the ends that it must keep. May be below 0. */
  readonly room: number;
  /** Decode time per unit of layer work, in ms; infinite for a consumer that may not hold layers. */
  readonly msPerLayer: number;
  readonly prefillMsPerLayer: number;
  readonly embedMs: number;
  readonly headMs: number;
}

/** A hop for one token: how long it takes, and how long it occupies the link, in ms. Infinite if there is no link. */
interface Hop {
  readonly ms: number;
  readonly busyMs: number;
}

/** Every hop that a ring may take into or out of a peer. */
export interface PeerHops {
  /** To each other peer, with a hidden state. */
  readonly to: readonly Hop[];
  /** From the consumer, if it holds layers at the front, and if it does not. */
  readonly entry: Hop;
  readonly bareEntry: Hop;
  /** To the consumer, if it holds layers at the back, and if it does not. */
  readonly exit: Hop;
  readonly bareExit: Hop;
}

/** A planning problem after all checks. Layer sums are prefix sums: range [a, b) is `x[b] - x[a]`. */
export interface Prepared {
  readonly layers: number;
  /** Work, in measured layers. */
  readonly work: Float64Array;
  /** Bytes of weights and KV cache. If the consumer gives the ends away, they count with the outer layers. */
  readonly need: Float64Array;
  readonly consumer: Helper;
  /** Peers that may hold layers, by id. */
  readonly peers: readonly Helper[];
  readonly keepsEnds: boolean;
  /**
   * True if all layers are alike and the consumer keeps the ends: then layers at its back are worth the same at its
   * front.
   */
  readonly uniform: boolean;
  readonly sequences: number;
  readonly goal: PlanGoal;
  readonly stages: number | undefined;
  readonly margin: number;
  readonly refused: readonly RefusedNode[];
  /** The hop between two nodes for this many bytes. */
  hop(from: string, to: string, bytes: number): Hop;
  /** The hops of one peer, by index in `peers`; computed once. */
  hops(peer: number): PeerHops;
  /** Bytes from the consumer to the first stage, and from the last one back. */
  readonly bytes: { readonly hidden: number; readonly enter: number; readonly leave: number };
}

const NO_HOP: Hop = { ms: Infinity, busyMs: Infinity };

/** Checks everything. Throws `bad-request` for errors of the caller; peers with bad figures are only left out. */
export function prepare(problem: PlanProblem): Prepared {
  const { model, context } = problem;
  const sequences = problem.sequences ?? 1;
  checkModel(model);
  whole("context", context);
  whole("number of sequences", sequences);
  if (problem.stages !== undefined) whole("number of stages", problem.stages);
  const overhead = amount("overhead", problem.overheadBytes ?? OVERHEAD_BYTES);
  const margin = amount("margin", problem.margin ?? MARGIN);

  const keepsEnds = problem.consumerKeepsEnds ?? true;
  const { kvBytesPerToken, fixedStateBytes } = model;
  const cache = kvBytesPerToken.map((bytes, layer) => bytes * context + (fixedStateBytes?.[layer] ?? 0));
  const held = model.layerBytes.map((bytes, layer) => bytes + cache[layer]! * sequences);
  amount(
    "model's size at this context",
    held.reduce((sum, bytes) => sum + bytes, 0),
  );
  const work = model.layerWork ?? held.map(() => 1);
  const uniform = keepsEnds && held.every((bytes) => bytes === held[0]) && work.every((w) => w === work[0]);
  if (!keepsEnds) {
    held[0]! += model.embeddingBytes;
    held[held.length - 1]! += model.headBytes;
  }

  const { consumer, peers, refused } = sortNodes(problem, overhead, keepsEnds);
  const enter = keepsEnds ? model.hiddenBytes : TOKEN_BYTES;
  const leave = keepsEnds ? model.hiddenBytes : (model.answerBytes ?? TOKEN_BYTES);
  const cross = (from: string, to: string, bytes: number): Hop => hop(problem.links(from, to), bytes);
  const known = new Map<number, PeerHops>();
  const hopsOf = (index: number): PeerHops => {
    const { id } = peers[index]!;
    return {
      to: peers.map((peer) => (peer.id === id ? NO_HOP : cross(id, peer.id, model.hiddenBytes))),
      entry: cross(consumer.id, id, model.hiddenBytes),
      bareEntry: cross(consumer.id, id, enter),
      exit: cross(id, consumer.id, model.hiddenBytes),
      bareExit: cross(id, consumer.id, leave),
    };
  };
  return {
    ...{ layers: model.layers, work: prefixSums(work), need: prefixSums(held), consumer, peers, keepsEnds, uniform },
    ...{ sequences, goal: problem.goal, stages: problem.stages, margin, refused },
    bytes: { hidden: model.hiddenBytes, enter, leave },
    hop: cross,
    hops: (peer) => {
      const hops = known.get(peer) ?? hopsOf(peer);
      known.set(peer, hops);
      return hops;
    },
  };
}

function sortNodes(
  problem: PlanProblem,
  overhead: number,
  keepsEnds: boolean,
): { consumer: Helper; peers: Helper[]; refused: RefusedNode[] } {
  const allowed = problem.nodesAllowed && new Set(problem.nodesAllowed);
  const ends = keepsEnds ? problem.model.embeddingBytes + problem.model.headBytes : 0;
  const seen = new Set<string>();
  const refused: RefusedNode[] = [];
  const peers: Helper[] = [];
  let consumer = idle(problem.self, -overhead - ends);
  for (const node of problem.nodes) {
    const isSelf = node.id === problem.self;
    const wrong = seen.has(node.id) ? "duplicate" : impossible(node);
    seen.add(node.id);
    if (wrong) refused.push({ id: node.id, reason: wrong });
    else if (isSelf) consumer = helper(node, overhead + ends);
    else if (!allowed || allowed.has(node.id)) peers.push(helper(node, overhead));
    // A consumer that could not measure itself still keeps the ends if it has the memory.
    if (isSelf && wrong === "rate") consumer = idle(node.id, node.memoryBytes - overhead - ends);
  }
  if (allowed && !allowed.has(problem.self)) consumer = { ...consumer, msPerLayer: Infinity };
  peers.sort((a, b) => (a.id < b.id ? -1 : 1));
  return { consumer, peers, refused };
}

function helper(node: PlanNode, takenBytes: number): Helper {
  const msPerLayer = Math.max(node.decodeMsPerLayer, MIN_DECODE_MS_PER_LAYER);
  const prefill = node.prefillMsPerTokenPerLayer;
  return {
    ...{ id: node.id, room: node.memoryBytes - takenBytes, msPerLayer },
    prefillMsPerLayer: prefill !== undefined && prefill > 0 && prefill < Infinity ? prefill : msPerLayer,
    ...{ embedMs: ms(node.embedMs), headMs: ms(node.headMs) },
  };
}

function idle(id: string, room: number): Helper {
  return { id, room, msPerLayer: Infinity, prefillMsPerLayer: Infinity, embedMs: 0, headMs: 0 };
}

function impossible(node: PlanNode): RefusedNode["reason"] | undefined {
  if (!(node.memoryBytes > 0 && node.memoryBytes < Infinity)) return "memory";
  const times = [node.embedMs ?? 0, node.headMs ?? 0];
  const rate = node.decodeMsPerLayer > 0 && node.decodeMsPerLayer <= MAX_DECODE_MS_PER_LAYER;
  return rate && times.every((time) => time >= 0 && time < Infinity) ? undefined : "rate";
}

function hop(link: PlanLink | undefined, bytes: number): Hop {
  if (!link || !(link.rttMs >= 0 && link.rttMs < Infinity)) return NO_HOP;
  if (!(link.bytesPerSecond > 0 && link.bytesPerSecond < Infinity)) return NO_HOP;
  const busyMs = (bytes / link.bytesPerSecond) * 1000;
  return { ms: link.rttMs / 2 + busyMs, busyMs };
}

function ms(value: number | undefined): number {
  return value ?? 0;
}

function checkModel(model: PlanModel): void {
  whole("number of layers", model.layers);
  if (model.layers > MAX_LAYERS)
    wrong(`A model of ${model.layers} layers cannot be planned. The limit is ${MAX_LAYERS}.`);
  const { layerBytes, kvBytesPerToken, layerWork = layerBytes, fixedStateBytes = layerBytes } = model;
  const lists = [layerBytes, kvBytesPerToken, layerWork, fixedStateBytes];
  if (lists.some((list) => list.length !== model.layers)) wrong("The model's lists must have one entry per layer.");
  for (const bytes of model.layerBytes) amount("layer's size", bytes);
  for (const bytes of model.kvBytesPerToken) amount("KV cache per token", bytes);
  for (const bytes of model.fixedStateBytes ?? []) amount("layer's state", bytes);
  for (const work of model.layerWork ?? []) amount("layer's work", work);
  amount("embedding's size", model.embeddingBytes);
  amount("head's size", model.headBytes);
  amount("hidden state's size", model.hiddenBytes);
  amount("answer's size", model.answerBytes ?? TOKEN_BYTES);
}

function whole(what: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1)
    wrong(`The ${what} must be a whole number of at least 1, not ${value}.`);
}

function amount(what: string, value: number): number {
  if (!(value >= 0 && value < Infinity)) wrong(`The ${what} must be a number of at least 0, not ${value}.`);
  return value;
}

function wrong(message: string): never {
  throw new MicrogridError("bad-request", `${message} Nothing was planned; correct the request.`);
}

function prefixSums(values: readonly number[]): Float64Array {
  const sums = new Float64Array(values.length + 1);
  values.forEach((value, index) => (sums[index + 1] = sums[index]! + value));
  return sums;
}
