/** Plans a pipeline: which node holds which layers, and how fast it will be. Pure arithmetic without I/O. */
import { approximate } from "./heuristic";
import { everyOrder } from "./lattice";
import { EXACT_NODES } from "./limits";
import { rate } from "./predict";
import { prepare } from "./prepare";
import { Search } from "./search";
import { explain } from "./shortfall";
import type { RingPlan, PlanProblem, Shortfall } from "./types";

export { predict } from "./predict";
export { EXACT_NODES, OVERHEAD_BYTES } from "./limits";
export type { RingPlan, PlanGoal, PlanLink, PlanModel, PlanNode, PlanProblem, Shortfall } from "./types";

/**
 * Finds the ring that serves the goal best within the memory of all nodes: exactly for up to `EXACT_NODES` nodes, and
 * with a heuristic above. Among plans within `margin` of the best, it returns the one with the fewest peers. Equal
 * problems always give equal plans, whatever the order of their nodes.
 *
 * The consumer may hold layers at the front of the ring, at its back, or both, but not in between. A shortfall says why
 * there is no plan. Throws `bad-request` if the model or the request is invalid. To measure or test the planner itself, lower
 * `exactNodes`, the number of nodes with the consumer that are planned exactly; `EXACT_NODES` is its default and maximum.
 */
export function planPipeline(
  problem: PlanProblem,
  options: { readonly exactNodes?: number } = {},
): RingPlan | Shortfall {
  const p = prepare(problem);
  const window = Math.min(options.exactNodes ?? EXACT_NODES, EXACT_NODES) - 1;
  const exact = p.peers.length <= window;
  const everybody = p.peers.map((_, index) => index);
  const ring = exact
    ? new Search(p, problem, everyOrder(everybody)).best({ margin: p.margin })
    : approximate(p, problem, window);
  return ring ? rate(p, problem, ring.stages, exact ? "exact" : "heuristic") : explain(p, problem);
}
