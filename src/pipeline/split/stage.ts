/** Writes a stage: a model of its own with some of a decoder's layers. */
import { FIELD, ProtobufMessage as Message, protobufFields, protobufText } from "../../onnx";
import { planOf } from "./decoder";
import type { DecoderPlan } from "./decoder-plan";
import { elementNumber } from "../../onnx";
import { collectParts, type StageParts } from "./parts";
import { port, relocatedTensor } from "./proto-writer";
import { MAX_FILE_BYTES, relocate } from "./ranges";
import { ShapeSources } from "./shape-sources";
import type { DecoderGraph, StageFeed, StageFile, StageRange, TensorSpec } from "./types";

/**
 * Makes a stage of some of a decoder's layers. Its embedding and its head can be in one stage only together with all
 * layers between them; who wants both without these makes two stages. `maxFileBytes` is lowered by tests.
 * Throws `bad-request` for a range that is none.
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
  const nodes = parts.nodes.flatMap<Uint8Array | Message>(
    (index) => shapes.nodesFor(index) ?? [plan.graph.nodes[index]!.content],
  );
  const taken = parts.before.filter(({ name }) => parts.taken.has(name));
  const made = parts.after.filter(({ name }) => parts.made.has(name));
  const graph = new Message();
  for (const node of [...shapes.preamble, ...nodes]) graph.bytes(FIELD.graph.node, node);
  for (const { content } of parts.constants) {
    graph.bytes(FIELD.graph.initializer, relocatedTensor(content, relocation));
  }
  for (const constant of shapes.constants) graph.bytes(FIELD.graph.initializer, constant);
  const asked = shapes.asksForIds ? new Set([...parts.inputs, "input_ids"]) : parts.inputs;
  const givenBack = new Set([...(range.head ? ["logits"] : []), ...states.map(({ output }) => output)]);
  addAll(
    graph,
    plan.graph.inputs.filter(({ name }) => asked.has(name)),
  );
  for (const tensor of [...taken, ...shapes.feeds]) graph.bytes(FIELD.graph.input, declared(tensor));
  addAll(
    graph,
    plan.graph.outputs.filter(({ name }) => givenBack.has(name)),
  );
  for (const tensor of made) graph.bytes(FIELD.graph.output, declared(tensor));
  addAll(graph, descriptions(plan, parts, new Set([...givenBack, ...made.map(({ name }) => name)])));
  const model = new Message();
  addAll(model, plan.graph.modelFields);
  model.bytes(FIELD.model.graph, graph);
  return {
    graphBytes: model.build(),
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

/** One by one: they may be more than a call takes. */
function addAll(message: Message, fields: readonly { readonly raw: Uint8Array }[]): void {
  for (const { raw } of fields) message.raw(raw);
}

function declared({ name, dtype, shape }: TensorSpec): Message {
  return port(name, elementNumber(dtype), shape);
}

function* feedsOf({ inputs }: DecoderPlan, parts: StageParts, shapes: ShapeSources): Generator<StageFeed> {
  for (const [name, feed] of inputs.feeds) {
    if (parts.inputs.has(name)) yield feed;
    else if (name === "input_ids" && shapes.asksForIds) yield { ...feed, kind: "token-zeros" };
  }
  yield* shapes.feeds;
}

/** What the file says about values inside, and about the graph, as far as it is about this stage. */
function descriptions(
  { graph }: DecoderPlan,
  parts: StageParts,
  outputs: ReadonlySet<string>,
): readonly { readonly raw: Uint8Array }[] {
  const made = new Set(parts.nodes.flatMap((index) => graph.nodes[index]?.outputs ?? []));
  const constants = new Set(parts.constants.map(({ name }) => name));
  const values = [...graph.described.values()].filter(({ name }) => made.has(name) && !outputs.has(name));
  const others = graph.otherFields.filter(({ number, bytes }) => {
    if (number !== FIELD.graph.quantization) return true;
    for (const field of protobufFields(bytes ?? new Uint8Array())) {
      if (field.number !== FIELD.quantization.tensor || !field.bytes) continue;
      const name = protobufText(field.bytes);
      return made.has(name) || constants.has(name);
    }
    return false;
  });
  return [...values, ...others];
}
