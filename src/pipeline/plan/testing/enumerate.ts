/** Tries every possible ring: a slow and simple check of the planner, with which it shares no code. */
import type { PlanNode, PlanProblem, StageAssignment } from "../types";

/** A ring and its cost. */
interface Judged {
  readonly stages: readonly StageAssignment[];
  readonly peers: number;
  /** Time for one token of one request, in ms. */
  readonly latencyMs: number;
  /** The time that the problem's goal minimises, in ms. */
  readonly goalMs: number;
}

/** Yields all rings that memory and links allow. Only for a few nodes and layers. */
function* everyRing(problem: PlanProblem): Generator<Judged> {
  const { layers } = problem.model;
  const peers = problem.nodes.filter((node) => node.id !== problem.self);
  for (const order of arrangements(peers)) {
    for (const sizes of compositions(layers, order.length + 2)) {
      // Inner ranges must not be empty; the consumer's two may be. A consumer that works alone has only one.
      if (sizes.slice(1, -1).some((size) => size === 0)) continue;
      if (order.length === 0 && sizes[1] !== 0) continue;
      let from = 0;
      const stages = [problem.self, ...order.map((node) => node.id), problem.self]
        .map((node, index) => ({ node, from, to: (from += sizes[index]!) }))
        .filter((stage) => stage.to > stage.from);
      const judged = judge(problem, stages);
      if (judged) yield judged;
    }
  }
}

/** The optimum, and the fewest peers that reach it within the problem's margin. */
export function bestOf(problem: PlanProblem): { goalMs: number; fewest: number } | undefined {
  const rings = [...everyRing(problem)];
  if (rings.length === 0) return undefined;
  const goalMs = Math.min(...rings.map((ring) => ring.goalMs));
  const near = rings.filter((ring) => ring.goalMs <= goalMs * (1 + (problem.margin ?? 0.02)) * (1 + 1e-9));
  return { goalMs, fewest: Math.min(...near.map((ring) => ring.peers)) };
}

/** Times and limits of one ring, straight from their definitions; undefined where it may not be. */
export function judge(problem: PlanProblem, stages: readonly StageAssignment[]): Judged | undefined {
  const { model, self } = problem;
  const keeps = problem.consumerKeepsEnds ?? true;
  const sequences = problem.sequences ?? 1;
  const holders = new Set(stages.map((stage) => stage.node));
  if (problem.stages !== undefined && holders.size !== problem.stages) return undefined;

  const embedder = keeps ? self : stages[0]!.node;
  const header = keeps ? self : stages.at(-1)!.node;
  const used = new Map<string, number>();
  const busy = new Map<string, number>();
  const add = (map: Map<string, number>, id: string, value: number): unknown => map.set(id, (map.get(id) ?? 0) + value);
  for (const id of new Set([...holders, embedder, header])) add(used, id, problem.overheadBytes ?? 64 * 2 ** 20);
  add(used, embedder, model.embeddingBytes);
  add(used, header, model.headBytes);
  add(busy, embedder, nodeOf(problem, embedder).embedMs ?? 0);
  add(busy, header, nodeOf(problem, header).headMs ?? 0);
  for (const { node, from, to } of stages) {
    for (let layer = from; layer < to; layer++) {
      const cache = model.kvBytesPerToken[layer]! * problem.context + (model.fixedStateBytes?.[layer] ?? 0);
      add(used, node, model.layerBytes[layer]! + cache * sequences);
      add(busy, node, nodeOf(problem, node).decodeMsPerLayer * (model.layerWork?.[layer] ?? 1));
    }
  }
  for (const [id, bytes] of used) if (bytes > nodeOf(problem, id).memoryBytes) return undefined;

  let latencyMs = [...busy.values()].reduce((sum, ms) => sum + ms, 0);
  let busiestMs = Math.max(...busy.values());
  const stops = [self, ...stages.map((stage) => stage.node), self];
  for (let index = 1; index < stops.length; index++) {
    const [from, to] = [stops[index - 1]!, stops[index]!];
    if (from === to) continue;
    const link = problem.links(from, to);
    if (!link) return undefined;
    const bytes = keeps || (index > 1 && index < stops.length - 1) ? model.hiddenBytes : (model.answerBytes ?? 4);
    const sendMs = ((index === 1 && !keeps ? 4 : bytes) / link.bytesPerSecond) * 1000;
    latencyMs += link.rttMs / 2 + sendMs;
    busiestMs = Math.max(busiestMs, sendMs);
  }
  const goalMs = problem.goal === "latency" ? latencyMs : Math.max(busiestMs, latencyMs / sequences);
  return { stages, peers: new Set([...holders].filter((id) => id !== self)).size, latencyMs, goalMs };
}

function nodeOf(problem: PlanProblem, id: string): PlanNode {
  return problem.nodes.find((node) => node.id === id)!;
}

function* arrangements<T>(items: readonly T[]): Generator<T[]> {
  yield [];
  for (const [index, item] of items.entries()) {
    for (const rest of arrangements<T>(items.toSpliced(index, 1))) yield [item, ...rest];
  }
}

function* compositions(total: number, parts: number): Generator<number[]> {
  if (parts === 1) {
    yield [total];
    return;
  }
  for (let size = 0; size <= total; size++) {
    for (const rest of compositions(total - size, parts - 1)) yield [size, ...rest];
  }
}
