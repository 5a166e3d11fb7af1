/** The planner's rules, one by one: who is taken, who is refused, and what is said when nothing fits. */
import { expect, test } from "vitest";
import { EXACT_NODES, planPipeline, predict } from ".";
import type { RingPlan, PlanNode, PlanProblem } from ".";
import { measureLoss } from "./testing/loss";
import { roomProblem } from "./testing/random";

const GIB = 2 ** 30;

function node(id: string, memoryGib: number, decodeMsPerLayer: number): PlanNode {
  return { id, memoryBytes: memoryGib * GIB, decodeMsPerLayer };
}

/** 10 layers of 1 GiB, no overhead, 10 ms of round trip everywhere. */
function problem(nodes: PlanNode[], more: Partial<PlanProblem> = {}): PlanProblem {
  const tens = (value: number): number[] => Array.from({ length: 10 }, () => value);
  return {
    model: {
      ...{ layers: 10, layerBytes: tens(GIB), kvBytesPerToken: tens(0), hiddenBytes: 1000 },
      ...{ embeddingBytes: GIB, headBytes: GIB },
    },
    ...{ context: 1, goal: "latency", nodes, self: "me", overheadBytes: 0 },
    links: () => ({ rttMs: 10, bytesPerSecond: 1e6 }),
    ...more,
  };
}

function planned(asked: PlanProblem, exactNodes?: number): RingPlan {
  const plan = planPipeline(asked, exactNodes === undefined ? {} : { exactNodes });
  if (plan.kind !== "plan") throw new Error(`No plan: ${plan.reason}`);
  return plan;
}

const held = (plan: RingPlan): string => plan.stages.map(({ node: id, from, to }) => `${id} ${from}-${to}`).join(", ");

test("one device that is fast enough and large enough does everything", () => {
  expect(held(planned(problem([node("me", 12, 1), node("ada", 12, 1)])))).toBe("me 0-10");
});

test("a slow node is taken only when the layers fit nowhere else", () => {
  const fits = [node("me", 7, 1), node("ada", 5, 1), node("slow", 50, 30)];
  expect(held(planned(problem(fits)))).toBe("me 0-5, ada 5-10");
  const tight = [node("me", 7, 1), node("ada", 4, 1), node("slow", 50, 30)];
  const plan = planned(problem(tight));
  const slow = plan.stages.filter((stage) => stage.node === "slow");
  expect(slow.map(({ from, to }) => to - from)).toEqual([1]);
});

test("a node that saves less than the margin is left out", () => {
  const nodes = [node("me", 12, 1), node("ada", 12, 0.01)];
  const links = (): { rttMs: number; bytesPerSecond: number } => ({ rttMs: 9.75, bytesPerSecond: 1e9 });
  expect(held(planned(problem(nodes, { links, margin: 0 })))).toBe("ada 0-10");
  expect(held(planned(problem(nodes, { links })))).toBe("me 0-10");
});

test("several requests are spread over nodes that one request would not use", () => {
  const nodes = [node("me", 12, 1), node("ada", 12, 1), node("bob", 12, 1)];
  expect(planned(problem(nodes)).stages).toHaveLength(1);
  const many = planned(problem(nodes, { goal: "throughput", sequences: 8 }));
  expect(many.stages).toHaveLength(3);
  expect(many.tokensPerSecond).toBeCloseTo(250);
});

test("a request can name the number of stages and the nodes", () => {
  const nodes = [node("me", 12, 1), node("ada", 12, 1), node("bob", 12, 2)];
  expect(planned(problem(nodes, { stages: 3 })).stages).toHaveLength(3);
  expect(held(planned(problem(nodes, { nodesAllowed: ["bob"] })))).toBe("bob 0-10");
  expect(planPipeline(problem(nodes, { stages: 4 }))).toMatchObject({ kind: "shortfall", reason: "stages" });
});

test("a shortfall states how much memory is missing, and on which nodes", () => {
  const short = planPipeline(problem([node("me", 4, 1), node("ada", 5, 1)]));
  expect(short).toMatchObject({ reason: "memory", missingBytes: 3 * GIB, missingLayers: 3 });
  expect(short).toMatchObject({ neededBytes: 12 * GIB, offeredBytes: 9 * GIB });
  const consumer = planPipeline(problem([node("me", 1.5, 1), node("ada", 50, 1)]));
  expect(consumer).toMatchObject({ reason: "consumer", missingBytes: 0.5 * GIB });
  const apart = planPipeline(problem([node("me", 4, 1), node("ada", 50, 1)], { links: () => undefined }));
  expect(apart).toMatchObject({ reason: "links", missingBytes: 0 });
});

test("without any node there is a shortfall, not an error", () => {
  expect(planPipeline(problem([]))).toMatchObject({ reason: "consumer", missingBytes: 2 * GIB });
  const apart = planPipeline(problem([], { consumerKeepsEnds: false }));
  expect(apart).toMatchObject({ reason: "memory", missingBytes: 12 * GIB, missingLayers: 10 });
});

test.each([NaN, -1, 0, Infinity])("a peer that claims %s is left out and named", (value) => {
  const nodes = [node("me", 3, 1), node("ada", 50, 1), node("fast", 50, value), node("large", value, 0.5)];
  const plan = planned(problem(nodes));
  expect(held(plan)).not.toMatch(/fast|large/);
  expect(plan.refused).toEqual([
    { id: "fast", reason: "rate" },
    { id: "large", reason: "memory" },
  ]);
});

test.each([NaN, -1, Infinity])("a link that is said to take %s ms is not used", (rttMs) => {
  const links: PlanProblem["links"] = (from, to) => ({
    rttMs: from === "ada" || to === "ada" ? rttMs : 10,
    bytesPerSecond: 1e6,
  });
  const plan = planned(problem([node("me", 3, 1), node("ada", 50, 0.1), node("bob", 50, 5)], { links }));
  expect(held(plan)).not.toContain("ada");
});

test("a peer cannot take another's place by its id", () => {
  const plan = planned(problem([node("me", 12, 1), node("me", 99, 0.1)]));
  expect(plan.msPerToken).toBeCloseTo(10);
  expect(plan.refused).toEqual([{ id: "me", reason: "duplicate" }]);
});

test.each([{ context: NaN }, { sequences: 0 }, { stages: 1.5 }, { margin: -1 }, { overheadBytes: Infinity }])(
  "a request that makes no sense is refused: %o",
  (wrong) => {
    expect(() => planPipeline(problem([node("me", 12, 1)], wrong))).toThrow(/correct the request/);
  },
);

test("a given assignment is rated, and layers that exceed the memory are reported", () => {
  const asked = problem([node("me", 4, 1), node("ada", 5, 2)]);
  const plan = predict(asked, [
    { node: "me", from: 0, to: 2 },
    { node: "ada", from: 2, to: 10 },
  ]);
  // 2 layers, a hop, 8 slow layers, a hop; a hop is half a round trip and 1000 bytes at 1 MB/s.
  expect(plan.msPerToken).toBeCloseTo(2 + 6 + 16 + 6);
  expect(plan).toMatchObject({ method: "given", excessBytes: 3 * GIB, busiestMs: 16 });
  expect(() => predict(asked, [{ node: "me", from: 0, to: 9 }])).toThrow(/end at layer 9/);
  expect(() => predict(asked, [{ node: "eve", from: 0, to: 10 }])).toThrow(/node eve/);
});

test("twelve nodes and eighty layers are planned exactly", () => {
  const plan = planned(roomProblem(1, { nodes: EXACT_NODES, layers: 80, goal: "latency" }));
  expect(plan).toMatchObject({ method: "exact", excessBytes: 0 });
});

test("more nodes than can be planned exactly still get a plan within memory, the same each time", () => {
  const asked = roomProblem(3, { nodes: 20, layers: 32, goal: "latency" });
  const plan = planned(asked);
  expect(plan).toMatchObject({ method: "heuristic", excessBytes: 0 });
  expect(planned({ ...asked, nodes: asked.nodes.toReversed() })).toEqual(plan);
});

test.each(["latency", "throughput"] as const)("the heuristic loses little against the exact plan: %s", (goal) => {
  const loss = measureLoss({ goal, sizes: [8, 9], rooms: 8, layers: 24 });
  expect(loss.missed).toBe(0);
  expect(loss.rooms).toBeGreaterThan(12);
  expect(loss.mean).toBeLessThan(0.03);
});
