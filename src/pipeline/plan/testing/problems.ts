/** Arbitrary small problems for property tests: few nodes and layers, tight memory, links that may be missing. */
import fc from "fast-check";
import type { PlanProblem } from "../types";

const NAMES = ["me", "ada", "bob", "cy"];

/** Problems small enough for `everyRing`, with every option in play. */
export function smallProblem(): fc.Arbitrary<PlanProblem> {
  return fc.integer({ min: 1, max: 4 }).chain((count) =>
    fc.integer({ min: 1, max: 6 }).chain((layers) => {
      const perLayer = (low: number, high: number): fc.Arbitrary<number[]> =>
        fc.oneof(
          fc.integer({ min: low, max: high }).map((value) => Array.from({ length: layers }, () => value)),
          fc.array(fc.integer({ min: low, max: high }), { minLength: layers, maxLength: layers }),
        );
      const ms = fc.integer({ min: 1, max: 40 }).map((value) => value / 8);
      const link = fc.record({
        rttMs: fc.integer({ min: 0, max: 40 }),
        bytesPerSecond: fc.integer({ min: 20, max: 4000 }),
      });
      const problem = fc.record({
        layerBytes: perLayer(1, 12),
        kvBytesPerToken: perLayer(0, 2),
        fixedStateBytes: fc.option(perLayer(0, 2), { nil: undefined }),
        layerWork: perLayer(1, 3),
        ends: fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 5 })),
        nodes: fc.tuple(
          ...NAMES.slice(0, count).map((id) =>
            fc.record({
              ...{ id: fc.constant(id), memoryBytes: fc.integer({ min: 1, max: 60 }), decodeMsPerLayer: ms },
              ...{ embedMs: ms, headMs: ms },
            }),
          ),
        ),
        links: fc.array(fc.option(link, { nil: undefined, freq: 8 }), { minLength: 16, maxLength: 16 }),
        goal: fc.constantFrom("latency", "throughput"),
        sequences: fc.integer({ min: 1, max: 3 }),
        keeps: fc.boolean(),
        stages: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined, freq: 3 }),
        margin: fc.constantFrom(0, 0.02, 0.3),
      });
      return problem.map((drawn) => ({
        model: {
          ...{ layers, layerBytes: drawn.layerBytes, kvBytesPerToken: drawn.kvBytesPerToken },
          ...{ layerWork: drawn.layerWork, embeddingBytes: drawn.ends[0], headBytes: drawn.ends[1] },
          ...{ hiddenBytes: 16, answerBytes: 9 },
          ...(drawn.fixedStateBytes && { fixedStateBytes: drawn.fixedStateBytes }),
        },
        ...{ context: 2, sequences: drawn.sequences, goal: drawn.goal, nodes: drawn.nodes, self: "me" },
        links: (from: string, to: string) => drawn.links[NAMES.indexOf(from) * 4 + NAMES.indexOf(to)],
        ...{ consumerKeepsEnds: drawn.keeps, overheadBytes: 3, margin: drawn.margin },
        ...(drawn.stages !== undefined && { stages: drawn.stages }),
      }));
    }),
  );
}
