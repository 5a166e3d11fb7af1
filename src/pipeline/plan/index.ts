/** Planning a pipeline: which node holds which layers, and what to expect of it. Arithmetic only, no I/O. */
import { approximate } from "./heuristic";
import { everyOrder } from "./lattice";
import { EXACT_NODES } from "./limits";
import { rate } from "./predict";
import { prepare } from "./prepare";
import { Search } from "./search";
import { explain } from "./shortfall";
import type { RingPlan, PlanProblem, Shortfall } from "./types";

export { predict } from "./predict";
export { EXACT_NODES, MARGIN, OVERHEAD_BYTES } from "./limits";
export type {
  RingPlan,
  PlanGoal,
  PlanLink,
  PlanModel,
  PlanNode,
  PlanProblem,
  PlannedEnds,
  StagePlacement,
  RefusedNode,
  Shortfall,
  StageAssignment,
} from "./types";

/** For measuring and testing the planner itself. */
export interface SearchOptions {
  /** Up to this many nodes, the consumer included, are planned exactly. Default, and at most: `EXACT_NODES`. */
  readonly exactNodes?: number;
}

/**
 * Finds the ring that serves the goal best within everybody's memory: exactly for up to `EXACT_NODES` nodes,
 * above that by a heuristic. Of plans that are as good but for `margin`, the one with the fewest peers; the
 * same problem always gives the same plan, in whatever order its nodes come.
 *
 * The consumer may hold layers at the front of the ring, at its back, or both, never in between.
 * A shortfall says why there is no plan. Throws `bad-request` where the model or the request makes no sense.
 */
export function planPipeline(problem: PlanProblem, options: SearchOptions = {}): RingPlan | Shortfall {
  const p = prepare(problem);
  const window = Math.min(options.exactNodes ?? EXACT_NODES, EXACT_NODES) - 1;
  const exact = p.peers.length <= window;
  const everybody = p.peers.map((_, index) => index);
  const ring = exact
    ? new Search(p, problem, everyOrder(everybody)).best({ margin: p.margin })
    : approximate(p, problem, window);
  return ring ? rate(p, problem, ring.stages, exact ? "exact" : "heuristic") : explain(p, problem);
}
