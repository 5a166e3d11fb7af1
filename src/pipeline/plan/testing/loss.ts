/** Measures what the heuristic loses against the exact plan, on rooms small enough for both. */
import { planPipeline } from "..";
import type { RingPlan, PlanGoal, PlanProblem } from "../types";
import { roomProblem } from "./random";

/** Options of `measureLoss`. */
interface LossOptions {
  readonly goal: PlanGoal;
  /** Rooms per size. Default: 20. */
  readonly rooms?: number;
  /** Sizes of rooms, the consumer included. Default: 8 to 12. */
  readonly sizes?: readonly number[];
  /** Nodes that the heuristic may plan exactly at once; its window is 12 in use. Default: 6. */
  readonly window?: number;
  readonly layers?: number;
  readonly uneven?: boolean;
}

/** How far the heuristic was from the exact answer: shares of the exact time per token. */
interface Loss {
  readonly rooms: number;
  /** Rooms where both found the same time. */
  readonly equal: number;
  readonly mean: number;
  readonly worst: number;
  /** Rooms where the heuristic found no plan, and there was one. */
  readonly missed: number;
}

/** Plans each room twice, exactly and by the heuristic. Deterministic: rooms come from seeds. */
export function measureLoss(options: LossOptions): Loss {
  const losses: number[] = [];
  let missed = 0;
  for (const nodes of options.sizes ?? [8, 9, 10, 11, 12]) {
    for (let room = 0; room < (options.rooms ?? 20); room++) {
      const problem = roomProblem(nodes * 1000 + room, {
        ...{ nodes, layers: options.layers ?? 48, goal: options.goal, sequences: options.goal === "latency" ? 1 : 4 },
        uneven: options.uneven ?? false,
      });
      const exact = plan(problem);
      const rough = plan(problem, options.window ?? 6);
      if (exact && rough) losses.push(goalMs(problem, rough) / goalMs(problem, exact) - 1);
      else if (exact) missed++;
    }
  }
  const sum = losses.reduce((total, loss) => total + loss, 0);
  return {
    rooms: losses.length + missed,
    equal: losses.filter((loss) => loss < 1e-9).length,
    mean: sum / Math.max(1, losses.length),
    worst: Math.max(0, ...losses),
    missed,
  };
}

function plan(problem: PlanProblem, exactNodes?: number): RingPlan | undefined {
  const found = planPipeline(problem, exactNodes === undefined ? {} : { exactNodes });
  return found.kind === "plan" ? found : undefined;
}

function goalMs(problem: PlanProblem, found: RingPlan): number {
  return problem.goal === "latency" ? found.msPerToken : found.boundMsPerToken;
}
