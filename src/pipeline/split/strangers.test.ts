/** Graphs that another member gave: usual decoders are taken, whatever may never end or grows out of nothing is not. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ProtobufMessage as Message } from "../../onnx";
import { randomDecoder } from "../../inference/testing";
import { readDecoder } from ".";
import { ROUNDED_AT_CUTS, SHAPES } from "./testing/decoder-shapes";
import { hostileGraph, integers, node, port, tensor } from "./testing/hostile-graph";

const GUIDE = new URL("../../../public/models/guide/onnx/model_q4.onnx", import.meta.url);
const FLOAT = new Message().bytes(1, "value").bytes(5, tensor("", [1], 1).bytes(9, new Uint8Array(4)));

/** An attribute that is a graph of these operators. */
const inner = (name: string, ...nodes: Message[]): Message => {
  const graph = new Message();
  for (const one of nodes) graph.bytes(1, one);
  return new Message().bytes(1, name).bytes(6, graph.bytes(12, port("inner", 1, [1])));
};
const choose = (...nodes: Message[]): Message =>
  node("If", ["attention_mask"], ["tables"], { attributes: [inner("then_branch", ...nodes)] });

const refusal = (name: string): unknown =>
  expect.objectContaining({ code: "unsupported-model", message: expect.stringContaining(name) as unknown });

describe("graphs of strangers", () => {
  it.each(Object.entries({ ...SHAPES, ...ROUNDED_AT_CUTS }))("are accepted if they are ordinary: %s", (_, shape) => {
    const { model } = randomDecoder(shape);
    expect(readDecoder(model, { trusted: false })).toEqual(readDecoder(model));
  });

  it("are accepted if they are the guide's", () => {
    const bytes = new Uint8Array(readFileSync(GUIDE));
    expect(readDecoder(bytes, { trusted: false })).toEqual(readDecoder(bytes));
  });

  it.each<[string, Message]>([
    [
      "Loop",
      node("Loop", ["attention_mask"], ["y"], { attributes: [inner("body", node("Identity", ["x0"], ["inner"]))] }),
    ],
    ["Scan", node("Scan", ["x0"], ["y"])],
    ["RandomNormal", node("RandomNormal", [], ["y"])],
    ["evil.MatMul", node("MatMul", ["x0"], ["y"], { domain: "evil" })],
    ["com.microsoft.BeamSearch", node("BeamSearch", ["x0"], ["y"], { domain: "com.microsoft" })],
    ["com.microsoft.MatMul", node("MatMul", ["x0"], ["y"], { domain: "com.microsoft" })],
    ["Loop” inside", choose(node("Loop", ["x0"], ["inner"]))],
    ["MatMul” inside", choose(node("MatMul", ["x0", "x0"], ["inner"]))],
    ["If” inside", choose(node("Identity", ["x0"], ["inner"]), choose(node("Identity", ["x0"], ["inner"])))],
    [
      "“MatMul” has a graph",
      node("MatMul", ["x0"], ["y"], { attributes: [inner("body", node("Identity", ["x0"], ["inner"]))] }),
    ],
    [
      "“MatMul” has a graph",
      node("MatMul", ["x0"], ["y"], { attributes: [inner("", node("Constant", [], ["inner"]))] }),
    ],
  ])("are refused for an operator that ordinary graphs do not have: %s", (name, operator) => {
    const bytes = hostileGraph({ graph: (graph) => graph.bytes(1, operator) });
    expect(readDecoder(bytes).layers).toBe(1);
    expect(() => readDecoder(bytes, { trusted: false })).toThrow(refusal(name));
  });

  it("are refused for operators that they define themselves", () => {
    const bytes = hostileGraph({ model: (model) => model.bytes(25, new Message().bytes(1, "MatMul")) });
    expect(readDecoder(bytes).layers).toBe(1);
    expect(() => readDecoder(bytes, { trusted: false })).toThrow(refusal("functions"));
  });

  it("may choose between tables", () => {
    const branch = choose(node("Constant", [], ["inner"], { attributes: [FLOAT] }));
    const bytes = hostileGraph({ graph: (graph) => graph.bytes(1, branch) });
    expect(readDecoder(bytes, { trusted: false }).layers).toBe(1);
  });

  const typed = new Message();
  for (const size of [2 ** 20, 2 ** 20]) typed.varint(7, size);
  const LARGE: readonly [string, readonly Message[], readonly Message[]][] = [
    ["ConstantOfShape", [node("ConstantOfShape", ["big"], ["y"])], []],
    ["Expand", [node("Expand", ["x0", "big"], ["y"])], []],
    ["Tile", [node("Tile", ["x0", "big"], ["y"])], []],
    [
      "Expand",
      [node("Cast", ["big"], ["cast"]), node("Identity", ["cast"], ["same"]), node("Expand", ["x0", "same"], ["y"])],
      [],
    ],
    [
      "Expand",
      [node("Shape", ["x0"], ["s"]), node("Concat", ["s", "big"], ["c"]), node("Expand", ["x0", "c"], ["y"])],
      [],
    ],
    ["ConstantOfShape", [node("ConstantOfShape", ["typed"], ["y"])], [tensor("typed", [2], 7).raw(typed.build())]],
    [
      "ConstantOfShape",
      [
        node("Constant", [], ["made"], { attributes: [new Message().bytes(1, "value_ints").varint(8, 2 ** 40)] }),
        node("ConstantOfShape", ["made"], ["y"]),
      ],
      [],
    ],
    [
      "Range",
      [node("Range", ["start", "end", "step"], ["y"])],
      [integers("start", [-(2 ** 40)]), integers("end", [1]), integers("step", [1])],
    ],
    ["OneHot", [node("OneHot", ["input_ids", "depth"], ["y"])], [integers("depth", [2 ** 40])]],
    ["Pad", [node("Pad", ["x0", "pads"], ["y"])], [integers("pads", [0, 0, 2 ** 40])]],
    [
      "Conv",
      [
        node("Conv", ["x0"], ["y"], {
          attributes: [
            new Message()
              .bytes(1, "pads")
              .varint(8, 0)
              .varint(8, 2 ** 40),
          ],
        }),
      ],
      [],
    ],
  ];

  it.each(LARGE)("are refused for large tensors made from small constants: %s", (op, nodes, constants) => {
    const bytes = hostileGraph({
      graph: (graph) => {
        graph.bytes(5, integers("big", [2 ** 20, 2 ** 20]));
        for (const one of constants) graph.bytes(5, one);
        for (const one of nodes) graph.bytes(1, one);
      },
    });
    expect(readDecoder(bytes).layers).toBe(1);
    expect(() => readDecoder(bytes, { trusted: false })).toThrow(refusal(`“${op}” makes a tensor`));
  });

  it("are refused at a smaller size than one's own graphs", () => {
    // Half a million fields that say nothing.
    const fields = new Uint8Array(2 ** 20).map((_, at) => (at % 2 === 0 ? 122 : 0));
    const bytes = hostileGraph({ model: (model) => model.raw(fields) });
    expect(readDecoder(bytes).layers).toBe(1);
    expect(() => readDecoder(bytes, { trusted: false })).toThrow(refusal("larger than that of any known model"));
  });
});
