/** A whole ONNX graph in memory, without its weights. */
import { readFields, readName, type ReadBudget } from "./bounds";
import { damaged, notAModel } from "./errors";
import { type GraphNode, readNode } from "./node";
import { type GraphPort, readPort } from "./port";
import type { ProtobufField } from "./protobuf";
import { FIELD } from "./schema";
import { readTensor, type Tensor } from "./tensor";

/** A `TensorAnnotation`: how a tensor was quantized. */
interface Annotation {
  readonly tensor: string;
  /** The whole message; a view. */
  readonly content: Uint8Array;
}

/**
 * A graph as its file states it: the wiring and the sizes of weights are not checked, because ONNX Runtime does that for
 * whole models. Everything is a view of the file's bytes, so the graph keeps these in memory.
 */
export interface Graph {
  /** Fields of the model beside its graph: versions, operator sets, functions, metadata. */
  readonly modelFields: readonly ProtobufField[];
  /** At least one. */
  readonly nodes: readonly GraphNode[];
  readonly initializers: readonly Tensor[];
  /** Includes inputs that only give an initializer a name; a caller of the model may replace the value of those. */
  readonly inputs: readonly GraphPort[];
  readonly outputs: readonly GraphPort[];
  /** Types and shapes of values inside the graph, as far as the file gives them. */
  readonly described: ReadonlyMap<string, GraphPort>;
  readonly annotations: readonly Annotation[];
  /** All other fields of the graph, such as its name and sparse initializers. */
  readonly otherFields: readonly ProtobufField[];
  readonly hasSparseInitializers: boolean;
  /** Whether an operator has a graph of its own inside (`If`, `Loop`). */
  readonly hasSubgraphs: boolean;
  /** Whether the file defines operators of its own. */
  readonly hasFunctions: boolean;
}

/**
 * Reads a `ModelProto`. Use `budget` for files from strangers, to end the reading of graphs with too many entries.
 * Throws `not-a-model` for files that are not ONNX models, `file-corrupt` for damaged ones, and errors of the budget.
 */
export function readGraph(bytes: Uint8Array, budget?: ReadBudget): Graph {
  const model: ProtobufField[] = [];
  try {
    for (const field of readFields(bytes, budget)) model.push(field);
    const [graph, ...others] = model.filter(({ number }) => number === FIELD.model.graph);
    if (!graph?.bytes || others.length > 0) throw notAModel();
    return readContents(
      model.filter((field) => field !== graph),
      graph.bytes,
      budget,
    );
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    // A model begins with small fields (version, producer). A file without even one of those is something else.
    throw model.length > 0 ? damaged("it ends early or has gaps", error) : notAModel(error);
  }
}

/** All tensors that a graph holds: its weights, and those of its operators and of the graphs inside of them. */
export function tensorsOf({ initializers, nodes }: Graph): readonly Tensor[] {
  return [...initializers, ...nodes.flatMap(({ tensors }) => tensors)];
}

function readContents(
  modelFields: readonly ProtobufField[],
  content: Uint8Array,
  budget: ReadBudget | undefined,
): Graph {
  const nodes: GraphNode[] = [];
  const initializers: Tensor[] = [];
  const inputs: GraphPort[] = [];
  const outputs: GraphPort[] = [];
  const described = new Map<string, GraphPort>();
  const annotations: Annotation[] = [];
  const otherFields: ProtobufField[] = [];
  for (const field of readFields(content, budget)) {
    const { number, bytes } = field;
    if (!bytes) continue;
    if (number === FIELD.graph.node) nodes.push(readNode(bytes, budget));
    else if (number === FIELD.graph.initializer) initializers.push(readTensor(bytes, budget));
    else if (number === FIELD.graph.input) inputs.push(readPort(bytes, budget));
    else if (number === FIELD.graph.output) outputs.push(readPort(bytes, budget));
    else if (number === FIELD.graph.valueInfo) {
      const port = readPort(bytes, budget);
      described.set(port.name, port);
    } else if (number === FIELD.graph.quantization) annotations.push(readAnnotation(bytes, budget));
    else otherFields.push(field);
  }
  if (nodes.length === 0) throw notAModel();
  return {
    modelFields,
    nodes,
    initializers,
    inputs,
    outputs,
    described,
    annotations,
    otherFields,
    hasSparseInitializers: otherFields.some(({ number }) => number === FIELD.graph.sparseInitializer),
    hasSubgraphs: nodes.some(({ hasSubgraphs }) => hasSubgraphs),
    hasFunctions: modelFields.some(({ number }) => number === FIELD.model.functions),
  };
}

function readAnnotation(content: Uint8Array, budget: ReadBudget | undefined): Annotation {
  let tensor = "";
  for (const { number, bytes } of readFields(content, budget)) {
    if (number === FIELD.quantization.tensor && bytes) tensor = readName(bytes);
  }
  return { tensor, content };
}
