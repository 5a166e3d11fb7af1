/** Finds what a stage consists of: its own operators, those that it repeats, and what they need. */
import { MicrogridError } from "../../core";
import type { WorkCount } from "./limits";
import type { DecoderPlan } from "./plan";
import type { StageRange, TensorSpec } from "./types";
import type { Weight } from "./weights";

/** The parts of a stage. */
export interface StageParts {
  /** Indices of nodes, in the order in which they can run. */
  readonly nodes: readonly number[];
  readonly constants: readonly Weight[];
  /** Names of the graph's inputs that the stage needs, except those of which it needs only the shape. */
  readonly inputs: ReadonlySet<string>;
  /** The values that enter at the cut before the stage, and those that leave at the cut behind it. */
  readonly before: readonly TensorSpec[];
  readonly after: readonly TensorSpec[];
  /** The values in `before` that the stage's operators use. */
  readonly taken: ReadonlySet<string>;
  /** Values that the stage's own operators make. */
  readonly made: ReadonlySet<string>;
  readonly weightBytes: number;
}

/** Collects the parts. `count` counts the names that are followed. Throws `bad-request` if the range is not a stage. */
export function collectParts(plan: DecoderPlan, range: StageRange, count?: WorkCount): StageParts {
  const { graph, flow, cuts } = plan;
  checkRange(range, plan.inputs.states.length);
  const first = range.embed ? 0 : (cuts[range.from]?.after ?? -1) + 1;
  const end = range.head ? flow.order.length : (cuts[range.to]?.after ?? -1) + 1;
  const before = range.embed ? [] : (cuts[range.from]?.tensors ?? []);
  const nodes = new Set(flow.order.slice(first, end));
  const made = new Set([...nodes].flatMap((index) => graph.nodes[index]?.outputs ?? []));
  const constants = new Map<string, Weight>();
  const inputs = new Set<string>();
  const taken = new Set<string>();
  const open = [...nodes].flatMap((index) => namesOf(plan, index));
  const seen = new Set<string>();
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    count?.spend();
    if (name === "" || seen.has(name) || made.has(name)) continue;
    seen.add(name);
    const constant = graph.constants.get(name);
    const maker = graph.maker.get(name);
    if (constant) constants.set(name, constant);
    else if (maker === undefined) inputs.add(name);
    else if (flow.roles[maker]?.kind === "bound") taken.add(name);
    else if (!nodes.has(maker)) {
      nodes.add(maker);
      for (const needed of namesOf(plan, maker)) open.push(needed);
    }
  }
  return {
    nodes: [...nodes].sort((a, b) => a - b),
    constants: [...constants.values()],
    inputs,
    before,
    after: range.head ? [] : (cuts[range.to]?.tensors ?? []),
    taken,
    made,
    weightBytes: weightBytes(constants.values()),
  };
}

/** Names that a node needs. Nodes that only ask for a shape get it in another way, see `ShapeSources`. */
function namesOf({ graph, flow }: DecoderPlan, index: number): readonly string[] {
  const role = flow.roles[index]?.kind;
  const node = graph.nodes[index];
  return node && (role === "bound" || role === "free") ? [...node.inputs, ...node.captured] : [];
}

/** Size of weights, bytes. Two names of the same place count twice: the engine makes a tensor of each. */
function weightBytes(constants: Iterable<Weight>): number {
  let sum = 0;
  for (const { bytes } of constants) sum += bytes;
  return sum;
}

function checkRange({ embed, from, to, head }: StageRange, layers: number): void {
  const sound =
    Number.isInteger(from) &&
    Number.isInteger(to) &&
    from >= 0 &&
    from <= to &&
    to <= layers &&
    (!embed || from === 0) &&
    (!head || to === layers) &&
    (from < to || embed || head) &&
    (from < to || layers === 0 || embed !== head);
  if (sound) return;
  throw new MicrogridError(
    "bad-request",
    `Layers ${from} to ${to} of ${layers}${embed ? " with the embedding" : ""}${head ? " with the head" : ""} are not a stage. A stage has consecutive layers, the embedding only together with the first one and the head only with the last.`,
  );
}
