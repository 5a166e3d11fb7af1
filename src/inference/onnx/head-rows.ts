/**
 * Gives a decoder the input `num_logits_to_keep` where its exporter did not. Without it, the head is computed for every token
 * of a prompt: a product with the whole vocabulary each time, of which only the last is wanted.
 */
import {
  ELEMENT,
  type Graph,
  type GraphNode,
  type GraphPort,
  integersMessage,
  intAttribute,
  nodeMessage,
  opsets,
  portMessage,
  rewiredNode,
  writeModel,
} from "../../onnx";

/** The input, named as the exporters name it that write it themselves. */
const INPUT = "num_logits_to_keep";
/** Names of new values, which no exporter uses. */
const PREFIX = "microgrid.head/";
/** From this version on, `Slice` takes its bounds as inputs and counts negative ones from the end. */
const OLDEST_OPSET = 11;
/** Most operators behind the product: caps, scales, biases and conversions are fewer. */
const MAX_BEHIND = 16;
/** An end behind every text. */
const NO_END = 2 ** 31 - 1;

/** Operators that compute each number by itself, out of one at the same place and constants. */
const ELEMENTWISE = new Set(
  ["Add", "Cast", "Clip", "Div", "Identity", "Max", "Min", "Mul", "Neg", "Sub", "Tanh", "Where"].map((op) => `/${op}`),
);
/**
 * Products of rows, the first input, with a matrix, each row by itself. Not `DynamicQuantizeMatMul`, which finds one scale for
 * all rows.
 */
const PRODUCTS = new Set([
  ...["Gemm", "MatMul", "MatMulInteger"].map((op) => `/${op}`),
  ...["FusedMatMul", "MatMulBnb4", "MatMulIntegerToFloat", "MatMulNBits"].map((op) => `com.microsoft/${op}`),
]);
/** Attributes of products that move or turn the rows. */
const TURNING = ["transA", "transBatchA", "transBatchB"];
/** Operators that keep the number of a matrix's dimensions. */
const SAME_RANK = new Set(["Cast", "DequantizeLinear", "Identity", "Transpose"]);

/** The part of a graph that makes logits out of the last hidden state. */
interface Head {
  readonly product: GraphNode;
  /** Takes the rows apart again that were one list for the product. */
  readonly unflatten: GraphNode | undefined;
  /** The values that get fewer rows, from the product's result to the logits. */
  readonly shortened: ReadonlySet<string>;
  readonly logits: GraphPort;
}

/**
 * The graph with that input, `[1]`: the number of tokens, counted from the last one, whose logits are wanted. These are as
 * before. Undefined if the graph has such an input, gives no logits or only the last ones, or has a head of an unknown kind.
 * Throws `file-corrupt` if the versions of its operators cannot be read.
 */
export function withLogitsToKeep(graph: Graph): Uint8Array<ArrayBuffer> | undefined {
  const head = findHead(graph);
  if (!head || (opsets(graph).get("") ?? 0) < OLDEST_OPSET) return undefined;
  const { product, unflatten, shortened, logits } = head;
  const [batch, , vocabulary] = logits.shape ?? [];
  const [start, end, axes, kept, shape] = ["start", "end", "axes", "kept", "shape"].map((name) => PREFIX + name);
  const [rows = "", ...others] = product.inputs;
  const slice = [
    nodeMessage({ op: "Neg", name: `${PREFIX}Neg`, inputs: [INPUT], outputs: [start!] }),
    nodeMessage({ op: "Slice", name: `${PREFIX}Slice`, inputs: [rows, start!, end!, axes!], outputs: [kept!] }),
    rewiredNode(product, { inputs: [kept!, ...others] }),
  ];
  return writeModel(graph.modelFields, {
    nodes: graph.nodes.flatMap((node) => {
      if (node === product) return slice;
      return [node === unflatten ? rewiredNode(node, { inputs: [node.inputs[0]!, shape!] }) : node.content];
    }),
    initializers: [
      ...graph.initializers.map(({ content }) => content),
      integersMessage(end!, [NO_END]),
      integersMessage(axes!, [unflatten ? 0 : 1]),
      // This engine runs one text at a time.
      ...(unflatten ? [integersMessage(shape!, [1, -1, Number(vocabulary)])] : []),
    ],
    inputs: [...graph.inputs.map(({ content }) => content), portMessage(INPUT, ELEMENT.int64, [1])],
    outputs: graph.outputs.map((port) => {
      if (port !== logits) return port.content;
      const dims = [batch ?? `${PREFIX}batch`, `${PREFIX}rows`, vocabulary ?? `${PREFIX}vocabulary`];
      return portMessage(port.name, port.type ?? 0, dims);
    }),
    // Descriptions that name the tokens of the prompt would be wrong for fewer.
    described: [...graph.described.values()].filter(({ name }) => !shortened.has(name)).map(({ content }) => content),
    annotations: graph.annotations.map(({ content }) => content),
    otherFields: graph.otherFields,
  });
}

/** Walks back from the logits to the product. Undefined if anything on the way is unknown, or used in another way too. */
function findHead(graph: Graph): Head | undefined {
  const logits = graph.outputs.find(({ name }) => name === "logits");
  const [, tokens] = logits?.shape ?? [];
  if (logits?.shape?.length !== 3 || typeof tokens === "number") return undefined;
  if (graph.inputs.some(({ name }) => name === INPUT || name === "logits_to_keep")) return undefined;
  const maker = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const fixed = withoutTokens(graph);
  const shortened = new Set<string>();
  const path = new Set<GraphNode>();
  let unflatten: GraphNode | undefined;
  for (let name = logits.name; path.size < MAX_BEHIND;) {
    const node = maker.get(name);
    if (!node || node.outputs.length !== 1) return undefined;
    shortened.add(name);
    path.add(node);
    const [first = "", ...others] = node.inputs;
    const kind = `${node.domain}/${node.op}`;
    if (PRODUCTS.has(kind) && others.every((other) => other === "" || fixed.has(other))) {
      const head = { product: node, unflatten, shortened, logits };
      return isPlain(graph, head, maker) && isAlone(graph, shortened, path) ? head : undefined;
    }
    if (kind === "/Reshape" && !unflatten) {
      unflatten = node;
      name = first;
      continue;
    }
    const moving = node.inputs.filter((input) => input !== "" && !fixed.has(input));
    if (!ELEMENTWISE.has(kind) || moving.length !== 1) return undefined;
    name = moving[0]!;
  }
  return undefined;
}

/** The values whose shape has nothing to do with the tokens: constants, what follows from them, and scales of all rows. */
function withoutTokens({ nodes, initializers, inputs }: Graph): ReadonlySet<string> {
  const fixed = new Set(initializers.map(({ name }) => name));
  // A constant that is also an input is only a default, which a caller may replace.
  for (const { name } of inputs) fixed.delete(name);
  for (const { op, inputs: taken, outputs, hasSubgraphs } of nodes) {
    if (op === "DynamicQuantizeLinear") for (const name of outputs.slice(1)) fixed.add(name);
    else if (!hasSubgraphs && taken.every((name) => name === "" || fixed.has(name))) {
      for (const name of outputs) fixed.add(name);
    }
  }
  fixed.delete("");
  return fixed;
}

/** Whether the product's rows are the tokens: a list of them in each text or, only for `Gemm`, one list that is taken apart later. */
function isPlain(
  { initializers }: Graph,
  { product, unflatten, logits }: Head,
  maker: ReadonlyMap<string, GraphNode>,
): boolean {
  if (TURNING.some((name) => (intAttribute(product, name) ?? 0) !== 0)) return false;
  if (product.op === "Gemm") return unflatten !== undefined && typeof logits.shape?.[2] === "number";
  if (unflatten) return false;
  if (product.op === "MatMulNBits" || product.op === "MatMulBnb4") return true;
  let matrix = product.inputs[1];
  for (let steps = 0; steps < MAX_BEHIND; steps++) {
    const tensor = initializers.find(({ name }) => name === matrix);
    if (tensor) return tensor.dims.length === 2;
    const node = maker.get(matrix ?? "");
    if (!node || !SAME_RANK.has(node.op)) return false;
    matrix = node.inputs[0];
  }
  return false;
}

/** Whether nothing but the path itself uses the values that get fewer rows. */
function isAlone({ nodes, outputs }: Graph, shortened: ReadonlySet<string>, path: ReadonlySet<GraphNode>): boolean {
  const given = outputs.filter(({ name }) => shortened.has(name));
  return (
    given.length === 1 &&
    !nodes.some((node) => {
      const used = path.has(node) ? node.captured : [...node.inputs, ...node.captured];
      return used.some((name) => shortened.has(name));
    })
  );
}
