/** Explains why there is no plan, and how much more memory would be enough. */
import { EXACT_NODES, OVERHEAD_BYTES } from "./limits";
import { everyOrder, oneOrder } from "./lattice";
import type { Lattice } from "./lattice";
import type { Prepared } from "./prepare";
import { Search } from "./search";
import type { PlanProblem, Shortfall } from "./types";

/** Explains a search that found nothing. */
export function explain(p: Prepared, problem: PlanProblem): Shortfall {
  const whole = p.need[p.layers]!;
  const ends = p.keepsEnds ? problem.model.embeddingBytes + problem.model.headBytes : 0;
  const rooms = [p.consumer, ...p.peers].map((helper) => Math.max(0, helper.room + (helper === p.consumer ? ends : 0)));
  const sums = {
    neededBytes: whole + ends,
    offeredBytes: rooms.reduce((sum, room) => sum + room, 0),
    refused: p.refused,
  };
  const shortfall = (reason: Shortfall["reason"], missingBytes = 0, missingLayers = 0): Shortfall => {
    return { kind: "shortfall", reason, missingBytes, missingLayers, ...sums };
  };

  if (p.keepsEnds && p.consumer.room < 0) return shortfall("consumer", -p.consumer.room);
  const anyNumber: Prepared = { ...p, stages: undefined };
  const lattice = allPeers(p);
  if (p.stages !== undefined && finds(anyNumber, problem, lattice)) return shortfall("stages");
  if (finds(linked(anyNumber), problem, lattice)) return shortfall("links");
  const left = new Search(anyNumber, problem, lattice).left();
  return shortfall("memory", left.bytes + (problem.overheadBytes ?? OVERHEAD_BYTES), left.layers);
}

function allPeers(p: Prepared): Lattice {
  const peers = p.peers.map((_, index) => index);
  if (peers.length < EXACT_NODES) return everyOrder(peers);
  return oneOrder(peers.sort((a, b) => p.peers[b]!.room - p.peers[a]!.room));
}

function finds(p: Prepared, problem: PlanProblem, lattice: Lattice): boolean {
  const anyGoal: Prepared = { ...p, goal: "latency" };
  return new Search(anyGoal, problem, lattice).best() !== undefined;
}

/** The same problem with links between all nodes. */
function linked(p: Prepared): Prepared {
  const none = { ms: 0, busyMs: 0 };
  const to = p.peers.map(() => none);
  const hops = { to, entry: none, bareEntry: none, exit: none, bareExit: none };
  return { ...p, hop: () => none, hops: () => hops };
}
