/**
 * Works out types and shapes of the values in a decoder graph, as far as cutting needs them: values that cross a cut
 * must be declared, and exporters do not always declare them. Open dimensions keep their names from the graph's inputs.
 */
import {
  type Dim,
  ELEMENT,
  type GraphNode,
  intAttribute,
  MAX_RANK,
  smallIntegers,
  tensorAttribute,
  type ValueType,
} from "../../onnx";
import type { CheckedGraph } from "./graph";

/** The type and shape of a value, as far as they are known. */
export interface InferredType extends ValueType {
  /** False if the shape relies on the guess that a sum has the shape of its known side. */
  readonly exact: boolean;
}

const UNKNOWN: InferredType = { type: undefined, shape: undefined, exact: false };

/** Types and shapes of all values by name. Never throws: values that it cannot work out stay unknown. */
export function inferTypes(graph: CheckedGraph): ReadonlyMap<string, InferredType> {
  const types = new Map<string, InferredType>();
  for (const { name, type, shape } of graph.inputs) types.set(name, { type, shape, exact: shape !== undefined });
  for (const { name, type, dims } of graph.constants.values()) types.set(name, { type, shape: dims, exact: true });
  // Each is read once, however many operators look at it.
  const read = new Map<string, readonly number[] | undefined>();
  const integers = (name: string): readonly number[] | undefined => {
    if (!read.has(name)) read.set(name, integersIn(graph, name));
    return read.get(name);
  };
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((name) => types.get(name) ?? UNKNOWN);
    const first = infer(node, inputs, integers);
    for (const [index, name] of node.outputs.entries()) {
      if (name === "") continue;
      const inferred = index === 0 ? first : furtherOutput(node, index, inputs);
      const described = graph.described.get(name);
      const shape = inferred.shape ?? described?.shape;
      types.set(name, {
        type: inferred.type ?? described?.type,
        // If shapes grew from one operator to the next, each would take longer than the last.
        shape: shape && shape.length > MAX_RANK ? undefined : shape,
        exact: inferred.exact && inferred.shape !== undefined,
      });
    }
  }
  return types;
}

/** The integers of a constant, or of an operator that makes one. */
function integersIn(graph: CheckedGraph, name: string): readonly number[] | undefined {
  const constant = graph.constants.get(name);
  if (constant) return smallIntegers(constant);
  const maker = graph.nodes[graph.maker.get(name) ?? -1];
  const value = maker?.op === "Constant" ? tensorAttribute(maker, "value") : undefined;
  return value && smallIntegers(value);
}

type Integers = (name: string) => readonly number[] | undefined;

const COMPARISONS = new Set(["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "And", "Or", "Not", "IsNaN"]);
const BROADCASTS = new Set(["Add", "Sub", "Mul", "Div", "Pow", "Min", "Max", "Where", "Mod", ...COMPARISONS]);
/** Their first output is like their first input. */
const SHAPE_KEEPERS = new Set([
  ...["Cast", "Identity", "Relu", "Sigmoid", "Tanh", "Gelu", "FastGelu", "QuickGelu", "BiasGelu", "Silu", "Erf"],
  ...["Neg", "Sqrt", "Reciprocal", "Exp", "Cos", "Sin", "Clip", "Softmax", "Dropout", "Softplus", "Abs", "Round"],
  ...["LayerNormalization", "SimplifiedLayerNormalization", "RMSNormalization", "GroupNormalization"],
  ...["SkipLayerNormalization", "SkipSimplifiedLayerNormalization", "RotaryEmbedding", "QMoE", "MoE"],
  ...["DequantizeLinear", "QuantizeLinear", "DynamicQuantizeLinear", "CumSum", "LinearAttention"],
]);

function infer(node: GraphNode, inputs: readonly InferredType[], integers: Integers): InferredType {
  const [a = UNKNOWN, b = UNKNOWN] = inputs;
  const { op } = node;
  if (BROADCASTS.has(op)) {
    const { shape, exact } = broadcast(op === "Where" ? inputs : [a, b]);
    const type = COMPARISONS.has(op) ? ELEMENT.bool : op === "Where" ? (b.type ?? inputs[2]?.type) : (a.type ?? b.type);
    return { type, shape, exact };
  }
  if (SHAPE_KEEPERS.has(op)) return { ...a, type: typeOfKeeper(node, a, b) };
  const rank = a.shape?.length;
  switch (op) {
    case "Shape":
      return { type: ELEMENT.int64, shape: [rank], exact: rank !== undefined && node.attributes.size === 0 };
    case "Size":
      return { type: ELEMENT.int64, shape: [], exact: true };
    case "Constant": {
      const value = tensorAttribute(node, "value");
      return value ? { type: value.type, shape: value.dims, exact: true } : UNKNOWN;
    }
    case "ConstantOfShape":
      return { ...UNKNOWN, type: tensorAttribute(node, "value")?.type ?? ELEMENT.float32 };
    case "Gather":
      return { type: a.type, ...gathered(node, a, b) };
    case "GatherBlockQuantized":
      return gatheredBlocks(node, a, b, inputs[2] ?? UNKNOWN);
    case "MatMul":
    case "FusedMatMul":
      return { ...product(a, b), type: a.type };
    case "MatMulInteger":
      return { ...product(a, b), type: ELEMENT.int32 };
    case "MatMulNBits":
    case "MatMulBnb4":
      return { type: a.type, ...withLast(a, intAttribute(node, "N")) };
    case "GroupQueryAttention":
    case "MultiHeadAttention":
      return { type: a.type, ...attended(node, a, b) };
    case "Reshape":
      return { type: a.type, ...reshaped(a, integers(node.inputs[1] ?? "")) };
    case "Slice":
      return { type: a.type, shape: a.shape && sliced(a.shape, integers(node.inputs[3] ?? "")), exact: false };
    case "Concat":
    case "Transpose":
    case "Unsqueeze":
    case "Squeeze":
    case "Expand":
    case "Range":
    case "Split":
    case "ReduceSum":
    case "ReduceMean":
    case "Trilu":
    case "Einsum":
    case "Gemm":
    case "Conv":
    case "CausalConvWithState":
      return { ...UNKNOWN, type: a.type };
    default:
      return UNKNOWN;
  }
}

function typeOfKeeper(node: GraphNode, a: InferredType, b: InferredType): number | undefined {
  switch (node.op) {
    case "Cast":
      return intAttribute(node, "to");
    case "DequantizeLinear":
      return b.type;
    case "QuantizeLinear":
    case "DynamicQuantizeLinear":
      return ELEMENT.uint8;
    default:
      return a.type;
  }
}

/** Outputs after the first: sums beside a normalization, caches beside attention. */
function furtherOutput({ op }: GraphNode, index: number, inputs: readonly InferredType[]): InferredType {
  const [a = UNKNOWN] = inputs;
  if (op.startsWith("Skip") && index === 3) return a;
  if (op === "GroupQueryAttention" || op === "MultiHeadAttention" || op === "Split") {
    return { ...UNKNOWN, type: a.type };
  }
  return UNKNOWN;
}

function broadcast(inputs: readonly InferredType[]): Pick<InferredType, "shape" | "exact"> {
  const known = inputs.flatMap(({ shape }) => (shape ? [shape] : []));
  // A hidden state plus something unknown is a hidden state: sums in decoders do not grow.
  const longest = known.reduce<readonly Dim[] | undefined>(
    (best, shape) => (best && best.length >= shape.length ? best : shape),
    undefined,
  );
  if (!longest) return UNKNOWN;
  if (known.length < inputs.length) {
    return longest.length >= 3 ? { shape: longest, exact: false } : UNKNOWN;
  }
  const shape = longest.map((_, at) => {
    const dims = known.map((other) => {
      const index = at - longest.length + other.length;
      return index < 0 ? 1 : other[index];
    });
    const large = dims.filter((dim) => dim !== 1);
    if (large.length === 0) return 1;
    // Open dimensions that meet are the same one, unless both have names.
    const names = new Set(large.filter((dim) => dim !== undefined));
    const size = large.find((dim) => typeof dim === "number");
    return size ?? (names.size === 1 ? [...names][0] : undefined);
  });
  const complete = known.every((dims) => dims.every((dim) => dim !== undefined));
  return { shape, exact: complete && inputs.every(({ exact }) => exact) };
}

function gathered(node: GraphNode, table: InferredType, ids: InferredType): Pick<InferredType, "shape" | "exact"> {
  if (!table.shape || !ids.shape) return UNKNOWN;
  const given = intAttribute(node, "axis") ?? 0;
  const axis = given < 0 ? given + table.shape.length : given;
  return {
    shape: [...table.shape.slice(0, axis), ...ids.shape, ...table.shape.slice(axis + 1)],
    exact: table.exact && ids.exact,
  };
}

/** A lookup in a table of packed codes: as wide as its scales say, since the codes may be packed by twos. */
function gatheredBlocks(node: GraphNode, codes: InferredType, ids: InferredType, scales: InferredType): InferredType {
  const blocks = scales.shape?.at(-1);
  const size = intAttribute(node, "block_size") ?? 128;
  const width = codes.shape?.at(-1);
  if (!ids.shape || codes.shape?.length !== 2 || typeof blocks !== "number" || typeof width !== "number") {
    return { ...UNKNOWN, type: scales.type };
  }
  const bits = intAttribute(node, "bits") ?? 4;
  const columns = codes.type === ELEMENT.uint8 ? (width * 8) / bits : width;
  const exact = ids.exact && columns <= blocks * size && columns > (blocks - 1) * size;
  return { type: scales.type, shape: [...ids.shape, columns], exact };
}

function product(a: InferredType, b: InferredType): Pick<InferredType, "shape" | "exact"> {
  if (b.shape?.length !== 2) return UNKNOWN;
  return withLast({ ...a, exact: a.exact && b.exact }, b.shape[1]);
}

function withLast(a: InferredType, last: Dim): Pick<InferredType, "shape" | "exact"> {
  return a.shape && a.shape.length > 0
    ? { shape: [...a.shape.slice(0, -1), last], exact: a.exact && last !== undefined }
    : UNKNOWN;
}

/** Attention over packed queries, keys and values has the keys and values left out of its output. */
function attended(node: GraphNode, query: InferredType, key: InferredType): Pick<InferredType, "shape" | "exact"> {
  if (node.inputs[1] !== "" && key.shape !== undefined) return query;
  const heads = intAttribute(node, "num_heads");
  const keyHeads = intAttribute(node, "kv_num_heads") ?? heads;
  const width = query.shape?.at(-1);
  if (node.inputs[1] !== "" || !heads || !keyHeads || typeof width !== "number") return UNKNOWN;
  return withLast(query, (width * heads) / (heads + 2 * keyHeads));
}

function reshaped(a: InferredType, target: readonly number[] | undefined): Pick<InferredType, "shape" | "exact"> {
  if (!target) return UNKNOWN;
  const shape = target.map((dim, index) => (dim > 0 ? dim : dim === 0 ? a.shape?.[index] : undefined));
  return { shape, exact: a.exact && shape.every((dim) => dim !== undefined) };
}

function sliced(shape: readonly Dim[], axes: readonly number[] | undefined): readonly Dim[] | undefined {
  return shape.map((dim, index) =>
    axes && !axes.includes(index) && !axes.includes(index - shape.length) ? dim : undefined,
  );
}
