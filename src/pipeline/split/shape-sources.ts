/** Replaces the shapes that the whole graph takes from token ids and caches, where a stage has neither. */
import { type GraphPart, integersMessage, intAttributeMessage, nodeMessage } from "../../onnx";
import type { StageParts } from "./parts";
import type { DecoderPlan } from "./plan";
import type { StageFeed, StateSpec, TensorSpec } from "./types";

/** Names that no exporter uses. */
const PREFIX = "microgrid.split";

/** Collects the operators, constants and feeds that a stage needs in addition. Asks for zeros in place of ids as a last resort. */
export class ShapeSources {
  /** Operators that come before all others. */
  readonly preamble: GraphPart[] = [];
  readonly constants: GraphPart[] = [];
  readonly feeds: StageFeed[] = [];
  /** Whether the stage takes `input_ids`, but only looks at their shape. */
  asksForIds = false;
  readonly #plan: DecoderPlan;
  readonly #embed: boolean;
  readonly #taken: readonly TensorSpec[];
  readonly #states: readonly StateSpec[];
  /** All states of the model. */
  readonly #statesByName: ReadonlyMap<string, StateSpec>;
  readonly #sources = new Map<string, string>();
  readonly #integers = new Map<string, string>();

  constructor(plan: DecoderPlan, parts: StageParts, embed: boolean, states: readonly StateSpec[]) {
    this.#plan = plan;
    this.#embed = embed;
    this.#taken = parts.before.filter(({ name }) => parts.taken.has(name));
    this.#states = states;
    this.#statesByName = new Map(plan.inputs.states.flat().map((state) => [state.name, state]));
  }

  /** The operators that replace one that asks for a shape; undefined if the operator stays as it is. */
  nodesFor(index: number): readonly GraphPart[] | undefined {
    const role = this.#plan.flow.roles[index];
    const [output = ""] = this.#plan.graph.nodes[index]?.outputs ?? [];
    if (role?.kind === "past-shape") {
      const rank = this.#statesByName.get(role.state)?.shape.length ?? 0;
      return [this.#slice(this.#shapeOfState(role.state), role.start, role.end, rank, output)];
    }
    if (role?.kind !== "ids-shape") return undefined;
    const rank = this.#idsRank();
    const ids = this.#shapeOfIds();
    if (role.rest.length === 0) return [this.#slice(ids, role.start, role.end, rank, output)];
    const whole = `${output}/${PREFIX}.whole`;
    return [
      operator("Concat", [ids, this.#constant(role.rest)], whole, { axis: 0 }),
      this.#slice(whole, role.start, role.end, rank + role.rest.length, output),
    ];
  }

  #shapeOfIds(): string {
    return this.#source("input_ids", (name) => {
      const like = this.#embed ? undefined : this.#taken.find((tensor) => this.#beginsLikeIds(tensor));
      if (like) {
        const shape = `${name}.of`;
        this.preamble.push(operator("Shape", [like.name], shape));
        this.preamble.push(this.#slice(shape, 0, this.#idsRank(), like.shape.length, name));
      } else {
        this.asksForIds = !this.#embed;
        this.preamble.push(operator("Shape", ["input_ids"], name));
      }
    });
  }

  #shapeOfState(state: string): string {
    return this.#source(state, (name) => {
      const wanted = this.#statesByName.get(state);
      const own =
        this.#states.find((other) => other.name === state) ??
        this.#states.find((other) => wanted && sameShape(other, wanted));
      if (own) this.preamble.push(operator("Shape", [own.name], name));
      else if (wanted) {
        const shape = [wanted.shape.length];
        this.feeds.push({ name, dtype: "int64", shape, kind: "past-shape", dims: wanted.shape });
      }
    });
  }

  #beginsLikeIds({ name, shape }: TensorSpec): boolean {
    const ids = this.#plan.types.get("input_ids")?.shape ?? [];
    const known = this.#plan.types.get(name)?.shape ?? shape;
    return ids.every((dim, axis) => dim !== undefined && dim === known[axis]);
  }

  #idsRank(): number {
    return this.#plan.types.get("input_ids")?.shape?.length ?? 0;
  }

  #source(of: string, make: (name: string) => void): string {
    const known = this.#sources.get(of);
    if (known !== undefined) return known;
    const name = `${PREFIX}.shape/${of}`;
    this.#sources.set(of, name);
    make(name);
    return name;
  }

  #slice(input: string, start: number, end: number, rank: number, output: string): GraphPart {
    if (start === 0 && end === rank) return operator("Identity", [input], output);
    return operator("Slice", [input, this.#constant([start]), this.#constant([end])], output);
  }

  #constant(values: readonly number[]): string {
    const key = values.join(",");
    const name = this.#integers.get(key) ?? `${PREFIX}.integers/${key}`;
    if (!this.#integers.has(key)) this.constants.push(integersMessage(name, values));
    this.#integers.set(key, name);
    return name;
  }
}

/** An operator of ONNX itself with one output. */
function operator(
  op: string,
  inputs: readonly string[],
  output: string,
  attributes: Readonly<Record<string, number>> = {},
): GraphPart {
  return nodeMessage({
    op,
    name: `${output}/${op}`,
    inputs,
    outputs: [output],
    attributes: Object.entries(attributes).map(([name, value]) => intAttributeMessage(name, value)),
  });
}

/** Open dimensions agree with open ones: the caches of all layers have the same tokens. */
function sameShape(a: StateSpec, b: StateSpec): boolean {
  return (
    a.tokenAxis === b.tokenAxis &&
    a.shape.length === b.shape.length &&
    a.shape.every((dim, axis) => (typeof dim === "number" ? dim === b.shape[axis] : typeof b.shape[axis] !== "number"))
  );
}
