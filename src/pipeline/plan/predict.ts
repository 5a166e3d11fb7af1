/** Predicts the times, the throughput and the memory of a given ring. */
import { MicrogridError } from "../../core";
import { prepare } from "./prepare";
import type { Helper, Prepared } from "./prepare";
import type { RingPlan, PlanProblem, StagePlacement, StageAssignment } from "./types";

/**
 * Rates an assignment: a running pipeline, or one that a person chose. It optimizes nothing, and accepts too little
 * memory: `excessBytes` says how much is missing.
 *
 * Stages must cover all layers in order, each on a node with usable figures and linked to the next; throws
 * `bad-request` otherwise.
 */
export function predict(problem: PlanProblem, stages: readonly StageAssignment[]): RingPlan {
  return rate(prepare(problem), problem, stages, "given");
}

/** Like `predict`, for a problem that has been prepared. */
export function rate(
  p: Prepared,
  problem: PlanProblem,
  assignment: readonly StageAssignment[],
  method: RingPlan["method"],
): RingPlan {
  checkCover(p, assignment);
  const helpers = assignment.map((stage) => find(p, stage.node));
  const entry = crossing(p, p.consumer.id, assignment[0]!.node, p.bytes.enter);
  const hops = assignment.map((stage, index) => {
    const next = assignment[index + 1];
    return crossing(p, stage.node, next?.node ?? p.consumer.id, next ? p.bytes.hidden : p.bytes.leave);
  });
  const stages = assignment.map((stage, index): StagePlacement => {
    const decodeMs = helpers[index]!.msPerLayer * work(p, stage);
    return { ...stage, ...memory(problem, stage), decodeMs, hopMs: hops[index]!.ms };
  });
  const first = p.keepsEnds ? p.consumer : helpers[0]!;
  const last = p.keepsEnds ? p.consumer : helpers.at(-1)!;
  const ends = { embedding: first.id, head: last.id, embedMs: first.embedMs, headMs: last.headMs, hopMs: entry.ms };

  const busy = new Map<string, number>([[first.id, first.embedMs]]);
  const prefill = new Map<string, number>();
  busy.set(last.id, (busy.get(last.id) ?? 0) + last.headMs);
  for (const [index, stage] of stages.entries()) {
    busy.set(stage.node, (busy.get(stage.node) ?? 0) + stage.decodeMs);
    const readMs = helpers[index]!.prefillMsPerLayer * work(p, stage);
    prefill.set(stage.node, (prefill.get(stage.node) ?? 0) + readMs);
  }
  const links = [entry, ...hops].map((hop) => hop.busyMs);
  const stageMs = stages.reduce((sum, stage) => sum + stage.decodeMs + stage.hopMs, 0);
  const msPerToken = ends.embedMs + ends.headMs + ends.hopMs + stageMs;
  const busiestMs = Math.max(...busy.values(), ...links);
  const boundMsPerToken = Math.max(busiestMs, msPerToken / p.sequences);
  return {
    ...{ kind: "plan", stages, ends, msPerToken, busiestMs, boundMsPerToken },
    tokensPerSecond: 1000 / boundMsPerToken,
    prefillMsPerToken: Math.max(...prefill.values(), ...links),
    excessBytes: excess(p, stages),
    ...{ method, refused: p.refused },
  };
}

function checkCover(p: Prepared, stages: readonly StageAssignment[]): void {
  let done = 0;
  for (const { from, to } of stages) {
    if (from !== done || !Number.isInteger(to) || to <= from) wrong("The stages are not contiguous.");
    done = to;
  }
  if (done !== p.layers) wrong(`The stages end at layer ${done}, the model at ${p.layers}.`);
}

function find(p: Prepared, id: string): Helper {
  const helper = id === p.consumer.id ? p.consumer : p.peers.find((peer) => peer.id === id);
  if (!helper || helper.msPerLayer === Infinity)
    wrong(`The node ${id} may not hold layers, or has not measured itself.`);
  return helper;
}

function crossing(p: Prepared, from: string, to: string, bytes: number): { ms: number; busyMs: number } {
  if (from === to) return { ms: 0, busyMs: 0 };
  const hop = p.hop(from, to, bytes);
  if (hop.ms === Infinity) wrong(`There is no measured link from ${from} to ${to}.`);
  return hop;
}

function work(p: Prepared, { from, to }: StageAssignment): number {
  return p.work[to]! - p.work[from]!;
}

function memory(problem: PlanProblem, { from, to }: StageAssignment): { bytes: number; kvBytes: number } {
  const { layerBytes, kvBytesPerToken, fixedStateBytes = [] } = problem.model;
  const sequences = problem.sequences ?? 1;
  const cache = sum(kvBytesPerToken.slice(from, to)) * problem.context + sum(fixedStateBytes.slice(from, to));
  return {
    bytes: sum(layerBytes.slice(from, to)),
    kvBytes: cache * sequences,
  };
}

/** Total of the bytes by which nodes exceed the memory that they may give. */
function excess(p: Prepared, stages: readonly StagePlacement[]): number {
  const left = new Map<Helper, number>(p.keepsEnds ? [[p.consumer, p.consumer.room]] : []);
  for (const { node, from, to } of stages) {
    const helper = find(p, node);
    left.set(helper, (left.get(helper) ?? helper.room) - (p.need[to]! - p.need[from]!));
  }
  return sum([...left.values()].map((bytes) => Math.max(0, -bytes)));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function wrong(message: string): never {
  throw new MicrogridError("bad-request", `${message} The pipeline cannot be rated; correct the stages.`);
}
