/** Random planning problems from a seed: small ones for enumeration, lifelike ones for measuring. */
import { seededRandom } from "../../../room/testing/simulation/chance";
import type { PlanGoal, PlanLink, PlanNode, PlanProblem } from "../types";

const GIB = 2 ** 30;
const MIB = 2 ** 20;

/** Options of `roomProblem`. */
interface RoomOptions {
  readonly nodes: number;
  readonly layers: number;
  readonly goal: PlanGoal;
  readonly sequences?: number;
  /** Layers differ in size and work, as in mixed quantization. Default: all alike. */
  readonly uneven?: boolean;
}

/** A room as they are: laptops and phones in a few places, near each other or an ocean apart, a model too large for one. */
export function roomProblem(seed: number, options: RoomOptions): PlanProblem {
  const random = seededRandom(seed);
  const between = (low: number, high: number): number => low * (high / low) ** random();
  const { layers } = options;
  const layerBytes = Array.from({ length: layers }, () => Math.round((options.uneven ? between(60, 160) : 100) * MIB));
  const needed = layerBytes.reduce((sum, bytes) => sum + bytes, 0);
  // Between twice and five times what is needed, so that there is something to choose.
  const share = (needed * between(2, 5)) / options.nodes;
  const places = Array.from({ length: options.nodes }, () => Math.floor(random() * 3));
  const nodes = places.map((_, index): PlanNode => ({
    id: `n${String(index).padStart(2, "0")}`,
    memoryBytes: Math.round(share * between(0.4, 2) + (index === 0 ? GIB : 0.1 * GIB)),
    decodeMsPerLayer: between(0.2, 4),
    ...(index === 0 && { embedMs: 0.05, headMs: between(0.5, 4) }),
  }));
  const links = new Map<string, PlanLink>();
  for (const [i, a] of nodes.entries()) {
    for (const [j, b] of nodes.entries()) {
      const far = places[i] === places[j] ? between(0.5, 8) : between(8, 120);
      const rttMs = links.get(`${b.id} ${a.id}`)?.rttMs ?? far;
      links.set(`${a.id} ${b.id}`, { rttMs, bytesPerSecond: between(0.3, 30) * 1e6 });
    }
  }
  return {
    model: {
      ...{ layers, layerBytes, kvBytesPerToken: layerBytes.map(() => 4096), hiddenBytes: 8192 },
      ...{ embeddingBytes: 300 * MIB, headBytes: 300 * MIB },
      ...(options.uneven && { layerWork: layerBytes.map((bytes) => bytes / (100 * MIB)) }),
    },
    ...{ context: 4096, sequences: options.sequences ?? 1, goal: options.goal, nodes, self: "n00", margin: 0 },
    links: (from, to) => links.get(`${from} ${to}`),
  };
}
