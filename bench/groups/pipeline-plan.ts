/** Measures the planner: its time, and the loss of its heuristic for large rooms against the exact solution. */
import { EXACT_NODES, type PlanGoal, planPipeline } from "../../src/pipeline/plan";
import { measureLoss } from "../../src/pipeline/plan/testing/loss";
import { roomProblem } from "../../src/pipeline/plan/testing/random";
import type { Group } from "../group";
import type { Line } from "../line";
import { spread } from "../statistics";

const GOALS: readonly PlanGoal[] = ["latency", "throughput"];
const LAYERS = 48;
/** A room that is planned by the heuristic. */
const LARGE = 32;
/** Rooms that are planned, for times; and for losses, of each size from 8 to 12. */
const ROOMS = 25;
/** Nodes that the heuristic plans exactly at once where its loss is measured: less than the rooms have. */
const WINDOW = 6;

const MADE_UP =
  `Made-up rooms of laptops and phones in three places, a model of ${LAYERS} layers too large for one; computed in Node, on ` +
  "the same kind of JavaScript engine as in Chromium. Four requests at once where the goal is throughput.";
const LOSS =
  `How much longer than the exact plan's its token takes, in rooms of 8 to 12 nodes, with a window of ${WINDOW} nodes; in use ` +
  `the window is ${EXACT_NODES}, and rooms up to that size are planned exactly.`;

export const pipelinePlan: Group = ({ times, say }) => {
  const lines: Line[] = [];
  for (const goal of GOALS) {
    for (const nodes of [EXACT_NODES, LARGE]) lines.push(timeLine(goal, nodes, times(ROOMS)));
    const loss = measureLoss({ goal, rooms: times(ROOMS), window: WINDOW, layers: LAYERS });
    const { rooms, equal, missed } = loss;
    lines.push({
      name: `plan for ${goal}: loss of the heuristic, mean`,
      unit: "%",
      measured: spread([100 * loss.mean]),
      other: { name: "worst room", unit: "%", value: spread([100 * loss.worst]) },
      notes: [MADE_UP, LOSS, `For ${goal}: equal in ${equal} of ${rooms} rooms, no plan found in ${missed}.`],
    });
    say(`plans for ${goal} are measured`);
  }
  return Promise.resolve(lines);
};

function timeLine(goal: PlanGoal, nodes: number, rooms: number): Line {
  const sequences = goal === "latency" ? 1 : 4;
  const ms: number[] = [];
  for (let room = -1; room < rooms; room++) {
    const problem = roomProblem(room + 2, { nodes, layers: LAYERS, goal, sequences });
    const start = performance.now();
    planPipeline(problem);
    if (room >= 0) ms.push(performance.now() - start);
  }
  const how = nodes <= EXACT_NODES ? "exactly" : "by the heuristic";
  return { name: `plan for ${goal}: ${nodes} nodes, ${how}`, unit: "ms", measured: spread(ms), notes: [MADE_UP] };
}
