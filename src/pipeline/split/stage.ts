/** Writes a stage: a model of its own with some of a decoder's layers. */
import { elementNumber, type GraphPart, type GraphPort, movedTensor, portMessage, writeModel } from "../../onnx";
import { collectParts, type StageParts } from "./parts";
import { type DecoderPlan, planOf } from "./plan";
import { MAX_FILE_BYTES, relocate } from "./ranges";
import { ShapeSources } from "./shape-sources";
import type { DecoderGraph, StageFeed, StageFile, StageRange, TensorSpec } from "./types";

/**
 * Makes a stage of some of a decoder's layers. The embedding and the head can be in the same stage only together with all
 * layers between them; otherwise make two stages. Tests lower `maxFileBytes`.
 * Throws `bad-request` if the range is not a stage.
 */
export function extractStage(
  decoder: DecoderGraph,
  range: StageRange,
  options: { readonly maxFileBytes?: number } = {},
): StageFile {
  const plan = planOf(decoder);
  const parts = collectParts(plan, range);
  const relocation = relocate(parts.constants, options.maxFileBytes ?? MAX_FILE_BYTES);
  const states = plan.inputs.states.slice(range.from, range.to).flat();
  const shapes = new ShapeSources(plan, parts, range.embed, states);
  const nodes = parts.nodes.flatMap<GraphPart>((index) => shapes.nodesFor(index) ?? [plan.graph.nodes[index]!.content]);
  const taken = parts.before.filter(({ name }) => parts.taken.has(name));
  const made = parts.after.filter(({ name }) => parts.made.has(name));
  const asked = shapes.asksForIds ? new Set([...parts.inputs, "input_ids"]) : parts.inputs;
  const givenBack = new Set([...(range.head ? ["logits"] : []), ...states.map(({ output }) => output)]);
  const initializers = parts.constants.map((weight): GraphPart => {
    return weight.external ? movedTensor(weight, relocation.place(weight.external)) : weight.content;
  });
  const graphBytes = writeModel(plan.graph.modelFields, {
    nodes: [...shapes.preamble, ...nodes],
    initializers: [...initializers, ...shapes.constants],
    inputs: [...askedPorts(plan.graph.inputs, asked, states), ...[...taken, ...shapes.feeds].map(declared)],
    outputs: [...contents(plan.graph.outputs, givenBack), ...made.map(declared)],
    ...descriptions(plan, parts, new Set([...givenBack, ...made.map(({ name }) => name)])),
    otherFields: plan.graph.otherFields,
  });
  return {
    graphBytes,
    files: relocation.files,
    pieces: relocation.pieces,
    weightBytes: parts.weightBytes,
    inputs: parts.before,
    outputs: parts.after,
    forwarded: parts.after.filter(({ name }) => !parts.made.has(name)).map(({ name }) => name),
    taken: taken.map(({ name }) => name),
    feeds: [...feedsOf(plan, parts, shapes)],
    states,
    logits: range.head ? plan.inputs.logits : undefined,
  };
}

/** The ports with one of these names, as they were read. */
function contents(
  ports: readonly { readonly name: string; readonly content: Uint8Array }[],
  names: ReadonlySet<string>,
): readonly Uint8Array[] {
  return ports.filter(({ name }) => names.has(name)).map(({ content }) => content);
}

/** The inputs that are asked for. Those of states tell sizes that the whole graph may leave to its configuration. */
function askedPorts(
  ports: readonly GraphPort[],
  asked: ReadonlySet<string>,
  states: readonly TensorSpec[],
): readonly GraphPart[] {
  const specs = new Map(states.map((state) => [state.name, state]));
  return ports
    .filter(({ name }) => asked.has(name))
    .map(({ name, content }) => {
      const state = specs.get(name);
      return state ? declared(state) : content;
    });
}

function declared({ name, dtype, shape }: TensorSpec): GraphPart {
  return portMessage(name, elementNumber(dtype), shape);
}

function* feedsOf({ inputs }: DecoderPlan, parts: StageParts, shapes: ShapeSources): Generator<StageFeed> {
  for (const [name, feed] of inputs.feeds) {
    if (parts.inputs.has(name)) yield feed;
    else if (name === "input_ids" && shapes.asksForIds) yield { ...feed, kind: "token-zeros" };
  }
  yield* shapes.feeds;
}

/** The descriptions of values inside and the annotations of tensors that this stage has. */
function descriptions(
  { graph }: DecoderPlan,
  parts: StageParts,
  outputs: ReadonlySet<string>,
): { readonly described: readonly Uint8Array[]; readonly annotations: readonly Uint8Array[] } {
  const made = new Set(parts.nodes.flatMap((index) => graph.nodes[index]?.outputs ?? []));
  const constants = new Set(parts.constants.map(({ name }) => name));
  const values = [...graph.described.values()].filter(({ name }) => made.has(name) && !outputs.has(name));
  const annotations = graph.annotations.filter(({ tensor }) => made.has(tensor) || constants.has(tensor));
  return {
    described: values.map(({ content }) => content),
    annotations: annotations.map(({ content }) => content),
  };
}
