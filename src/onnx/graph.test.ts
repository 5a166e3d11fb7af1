import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ELEMENT, type GraphPart, intAttribute, ProtobufMessage as Message, readGraph, tensorAttribute } from ".";
import { FIELD } from "./schema";
import { integersMessage, intAttributeMessage, nodeMessage, portMessage, tensorMessage, writeModel } from "./writer";

const RANGE = { location: "weights.bin", offset: 64, length: 24 };
const WEIGHT = tensorMessage({ name: "w", type: ELEMENT.float32, dims: [2, 3] }, RANGE);
const PRODUCT = nodeMessage({
  op: "FusedMatMul",
  domain: "com.microsoft",
  name: "product",
  inputs: ["x", "w"],
  outputs: ["y"],
  attributes: [intAttributeMessage("transA", 1), intAttributeMessage("axis", -2)],
});

function model(
  parts: { nodes?: GraphPart[]; initializers?: GraphPart[]; graph?: Message; fields?: Message } = {},
): Uint8Array<ArrayBuffer> {
  const fieldsOf = (
    message = new Message(),
  ): { raw: Uint8Array; number: number; value: undefined; bytes: undefined }[] => {
    return [{ raw: message.build(), number: 0, value: undefined, bytes: undefined }];
  };
  return writeModel(fieldsOf((parts.fields ?? new Message()).varint(1, 10)), {
    nodes: parts.nodes ?? [PRODUCT],
    initializers: parts.initializers ?? [WEIGHT, integersMessage("axes", [-1, 7])],
    inputs: [portMessage("x", ELEMENT.float16, ["batch", 2])],
    outputs: [portMessage("y", ELEMENT.float16, ["batch", 3])],
    described: [portMessage("between", ELEMENT.bool, [])],
    annotations: [new Message().bytes(FIELD.quantization.tensor, "w")],
    otherFields: fieldsOf(parts.graph),
  });
}

/** An operator with a graph inside, which has one operator that takes `name` from outside. */
function branch(name: string, inside: GraphPart[] = [], initializers: GraphPart[] = []): Message {
  const graph = new Message();
  for (const node of [nodeMessage({ op: "Neg", name: "", inputs: [name], outputs: ["own"] }), ...inside]) {
    graph.bytes(FIELD.graph.node, node);
  }
  for (const tensor of initializers) graph.bytes(FIELD.graph.initializer, tensor);
  const attribute = new Message().bytes(FIELD.attribute.name, "then_branch").bytes(FIELD.attribute.graph, graph);
  return nodeMessage({ op: "If", name: "if", inputs: ["c"], outputs: ["z"], attributes: [attribute] });
}

describe("readGraph", () => {
  it("reads a graph that the writer wrote", () => {
    const graph = readGraph(model());
    expect(graph.nodes).toMatchObject([
      { op: "FusedMatMul", domain: "com.microsoft", name: "product", inputs: ["x", "w"], outputs: ["y"] },
    ]);
    expect(intAttribute(graph.nodes[0]!, "transA")).toBe(1);
    expect(intAttribute(graph.nodes[0]!, "axis")).toBe(-2);
    expect(intAttribute(graph.nodes[0]!, "absent")).toBeUndefined();
    const [weight, axes] = graph.initializers;
    expect(weight).toMatchObject({ name: "w", type: ELEMENT.float32, dims: [2, 3], elements: 6, bytes: 24 });
    expect(weight).toMatchObject({ external: RANGE, raw: undefined });
    expect(axes).toMatchObject({ name: "axes", external: undefined, raw: { length: 16 } });
    expect(graph.inputs).toMatchObject([{ name: "x", type: ELEMENT.float16, shape: ["batch", 2] }]);
    expect(graph.outputs).toMatchObject([{ name: "y", type: ELEMENT.float16, shape: ["batch", 3] }]);
    expect([...graph.described.keys()]).toEqual(["between"]);
    expect(graph.annotations).toMatchObject([{ tensor: "w" }]);
    expect(graph).toMatchObject({ hasSparseInitializers: false, hasSubgraphs: false, hasFunctions: false });
  });

  it("keeps views of the file, and copies nothing", () => {
    const bytes = model();
    const { nodes, initializers, inputs } = readGraph(bytes);
    const views = [...nodes, ...initializers, ...inputs].map(({ content }) => content);
    for (const view of [...views, initializers[1]!.raw!]) expect(view.buffer).toBe(bytes.buffer);
  });

  it("keeps everything that is needed to write the same file again", () => {
    const bytes = model({ graph: new Message().bytes(FIELD.graph.name, "test") });
    const { modelFields, ...graph } = readGraph(bytes);
    const contents = (parts: readonly { content: Uint8Array }[]): Uint8Array[] => parts.map(({ content }) => content);
    const again = writeModel(modelFields, {
      nodes: contents(graph.nodes),
      initializers: contents(graph.initializers),
      inputs: contents(graph.inputs),
      outputs: contents(graph.outputs),
      described: contents([...graph.described.values()]),
      annotations: contents(graph.annotations),
      otherFields: graph.otherFields,
    });
    expect(again).toEqual(bytes);
  });

  it("reports features that only some callers refuse, without judging them", () => {
    const open = new Message().bytes(FIELD.tensor.name, "open").varint(FIELD.tensor.type, 99);
    open.bytes(
      FIELD.tensor.external,
      new Message().bytes(FIELD.entry.key, "location").bytes(FIELD.entry.value, "../w"),
    );
    const huge = tensorMessage({ name: "huge", type: 1, dims: [2 ** 40, 2 ** 40] }, new Uint8Array(4));
    const graph = readGraph(
      model({
        nodes: [nodeMessage({ op: "Add", name: "", inputs: ["nowhere", "later"], outputs: ["y", "y"] })],
        initializers: [open, huge],
        graph: new Message().bytes(FIELD.graph.sparseInitializer, new Message()),
        fields: new Message().bytes(FIELD.model.functions, new Message()),
      }),
    );
    expect(graph.initializers).toMatchObject([
      { bytes: undefined, external: { location: "../w", offset: 0, length: undefined } },
      { elements: undefined, bytes: undefined },
    ]);
    expect(graph).toMatchObject({ hasSparseInitializers: true, hasFunctions: true });
  });

  it("finds the outer values and the nodes of graphs inside an operator", () => {
    const constant = nodeMessage({
      op: "Constant",
      name: "",
      inputs: [],
      outputs: ["k"],
      attributes: [
        new Message().bytes(FIELD.attribute.name, "value").bytes(FIELD.attribute.tensor, integersMessage("five", [5])),
      ],
    });
    const graph = readGraph(model({ nodes: [branch("x", [constant], [WEIGHT])] }));
    const [node] = graph.nodes;
    expect(graph.hasSubgraphs).toBe(true);
    expect(node).toMatchObject({ captured: ["x"], hasSubgraphs: true, isTooDeep: false, hasSparseTensors: false });
    expect(node?.inside.map(({ op }) => op)).toEqual(["Neg", "Constant"]);
    expect(node?.tensors.map(({ name }) => name)).toEqual(["w"]);
    expect(tensorAttribute(node!.inside[1]!, "value")).toMatchObject({ name: "five", dims: [1] });
    const sparse = new Message().bytes(FIELD.attribute.sparseTensor, new Message());
    const inner = nodeMessage({ op: "Constant", name: "", inputs: [], outputs: [], attributes: [sparse] });
    expect(readGraph(model({ nodes: [branch("x", [inner])] })).nodes[0]).toMatchObject({ hasSparseTensors: true });
  });

  it("does not follow graphs that are nested too deeply", () => {
    const nested = (depth: number): Message => branch("x", depth > 1 ? [nested(depth - 1)] : []);
    expect(readGraph(model({ nodes: [nested(8)] })).nodes[0]?.isTooDeep).toBe(false);
    expect(readGraph(model({ nodes: [nested(9)] })).nodes[0]?.isTooDeep).toBe(true);
  });

  it("charges each field to the budget, and throws the budget's error", () => {
    let fields = 0;
    readGraph(model(), { spend: () => fields++ });
    expect(fields).toBeGreaterThan(50);
    const spend = (): void => {
      if (--fields === 0) throw new Error("too much");
    };
    expect(() => readGraph(model(), { spend })).toThrow("too much");
  });

  it.each([
    [
      "a name that is too long",
      { nodes: [nodeMessage({ op: "Neg", name: "n".repeat(5000), inputs: [], outputs: [] })] },
    ],
    ["a weight of too many dimensions", { initializers: [integersMessage("w", []), rank(17)] }],
  ])("refuses %s", (_, parts) => {
    expect(() => readGraph(model(parts))).toThrow(expect.objectContaining({ code: "file-corrupt" }));
    expect(readGraph(model({ initializers: [rank(16)] })).initializers[0]?.dims).toHaveLength(16);
  });

  it.each([
    ["a web page", new TextEncoder().encode("<!doctype html><title>Not found</title>"), "not-a-model"],
    ["an empty file", new Uint8Array(), "not-a-model"],
    ["a model without a graph", new Message().varint(1, 10).build(), "not-a-model"],
    ["a graph without operators", model({ nodes: [] }), "not-a-model"],
    ["two graphs", new Message().raw(model(), model()).build(), "not-a-model"],
    ["half a model", model().subarray(0, 60), "file-corrupt"],
  ])("says what is wrong with %s", (_, bytes, code) => {
    expect(() => readGraph(bytes)).toThrow(expect.objectContaining({ code }));
  });

  it("throws nothing but its own errors for cut, changed and foreign bytes", () => {
    const whole = model({ nodes: [PRODUCT, branch("x", [], [WEIGHT])] });
    const cut = fc.nat(whole.length - 1).map((length) => whole.slice(0, length));
    const changed = fc
      .tuple(fc.nat(whole.length - 1), fc.nat(255))
      .map(([at, value]) => whole.slice().fill(value, at, at + 1));
    fc.assert(
      fc.property(fc.oneof(cut, changed, fc.uint8Array({ maxLength: 200 })), (bytes) => {
        try {
          readGraph(bytes);
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^(not-a-model|file-corrupt)$/) as unknown });
        }
      }),
      { numRuns: 500 },
    );
  });
});

function rank(dims: number): Message {
  return tensorMessage({ name: "w", type: ELEMENT.uint8, dims: new Array<number>(dims).fill(1) }, new Uint8Array(1));
}
