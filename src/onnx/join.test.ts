import { describe, expect, it } from "vitest";
import { ELEMENT, type GraphPart, joinGraphs, readGraph, withInputShapes } from ".";
import { ProtobufMessage as Message, protobufFields } from "./protobuf";
import { FIELD } from "./schema";
import { nodeMessage, portMessage, tensorMessage, writeModel } from "./writer";

interface Parts {
  readonly nodes: readonly GraphPart[];
  readonly inputs: readonly GraphPart[];
  readonly outputs: readonly GraphPart[];
  readonly opset?: number;
}

function model({ opset = 21, ...parts }: Parts): Uint8Array {
  const fields = new Message()
    .varint(FIELD.model.version, opset > 20 ? 10 : 8)
    .bytes(FIELD.model.opset, new Message().bytes(FIELD.opset.domain, "").varint(FIELD.opset.version, opset));
  const table = tensorMessage({ name: "table", type: ELEMENT.float32, dims: [4] }, new Uint8Array(16));
  return writeModel(protobufFields(fields.build()), {
    ...{ ...parts, initializers: [table], described: [], annotations: [], otherFields: [] },
  });
}

const node = (op: string, inputs: string[], outputs: string[]): Message =>
  nodeMessage({ op, name: op, inputs, outputs });
const ids = portMessage("input_ids", ELEMENT.int64, ["batch", "tokens"]);
const port = (name: string, type: number = ELEMENT.float32) => portMessage(name, type, ["batch", "tokens", 4]);
const embedder = (op = "Gather", more: Partial<Parts> = {}): Uint8Array =>
  model({
    nodes: [node(op, ["table", "input_ids"], ["inputs_embeds"])],
    inputs: [ids],
    outputs: [port("inputs_embeds")],
    ...more,
  });
const decoder = (type: number = ELEMENT.float32): Uint8Array =>
  model({
    nodes: [node("Mul", ["inputs_embeds", "table"], ["logits"])],
    inputs: [port("inputs_embeds", type), portMessage("past", ELEMENT.float32, ["batch", "dim"])],
    outputs: [port("logits", type)],
  });
const unsupported = (text: string): unknown =>
  expect.objectContaining({ code: "unsupported-model", message: expect.stringContaining(text) as unknown });

describe("joinGraphs", () => {
  it("connects the outputs of one to the inputs of the other, and mixes up no names", () => {
    const joined = readGraph(joinGraphs(embedder(), decoder()));
    expect(joined.inputs.map(({ name }) => name)).toEqual(["input_ids", "past"]);
    expect(joined.outputs.map(({ name }) => name)).toEqual(["logits"]);
    expect(joined.nodes.map(({ inputs, outputs }) => [inputs, outputs])).toEqual([
      [["microgrid.join/table", "input_ids"], ["inputs_embeds"]],
      [["inputs_embeds", "table"], ["logits"]],
    ]);
    expect(joined.initializers.map(({ name }) => name)).toEqual(["microgrid.join/table", "table"]);
  });

  it("converts where the two compute with other types", () => {
    const { nodes } = readGraph(joinGraphs(embedder(), decoder(ELEMENT.float16)));
    expect(nodes.map(({ op, outputs }) => [op, ...outputs])).toEqual([
      ["Gather", "microgrid.join/inputs_embeds"],
      ["Cast", "inputs_embeds"],
      ["Mul", "logits"],
    ]);
  });

  it("joins graphs for different versions of ONNX if all operators mean the same in both", () => {
    const { modelFields } = readGraph(joinGraphs(embedder("Gather", { opset: 17 }), decoder()));
    expect(modelFields.filter(({ number }) => number === FIELD.model.opset)).toHaveLength(1);
    expect(modelFields.find(({ number }) => number === FIELD.model.version)?.value).toBe(10);
    expect(() => joinGraphs(embedder("ReduceMean", { opset: 17 }), decoder())).toThrow(unsupported("version 17"));
    expect(() => joinGraphs(embedder("Gather", { opset: 11 }), decoder())).toThrow(unsupported("version 11"));
  });

  it("refuses graphs that have nothing to do with each other", () => {
    const other = embedder("Gather", {
      nodes: [node("Gather", ["table", "input_ids"], ["image"])],
      outputs: [port("image")],
    });
    expect(() => joinGraphs(other, decoder())).toThrow(unsupported("none of its outputs"));
  });
});

describe("withInputShapes", () => {
  it("changes the shapes of the named inputs, and nothing else", () => {
    const before = decoder();
    const shapes = new Map([["past", ["batch", 16]]]);
    const changed = readGraph(withInputShapes(before, shapes));
    expect(changed.inputs.map(({ name, shape }) => [name, shape])).toEqual([
      ["inputs_embeds", ["batch", "tokens", 4]],
      ["past", ["batch", 16]],
    ]);
    expect(withInputShapes(before, new Map())).toEqual(before);
  });
});
