/** The graph half of expanding weights: which products change, and the graph with plain ones in their place. */
import { damagedGraph, FIELD } from "../../onnx";
import { type ProtobufField, ProtobufMessage, protobufFields, protobufText } from "../../onnx";
import { quantizedSizes } from "./quantized-matrix";
import {
  ELEMENT,
  type Initializer,
  type QuantizedMatMul,
  readInitializer,
  readQuantizedMatMul,
} from "./quantized-matmul";

/** Path of the weights that are made here; no file has it. */
export const EXPANDED_PATH = "microgrid:expanded-weights";

/** `DataLocation` of onnx.proto3. */
const EXTERNAL = 1;

/** One matrix, and where it will lie among the expanded weights. */
export interface Expansion {
  readonly weight: Omit<QuantizedMatMul, "input">;
  readonly name: string;
  /** Bytes. */
  readonly offset: number;
}

/** A graph whose products are plain, and what it takes to run it. */
export interface ExpandedGraph {
  readonly graphBytes: Uint8Array;
  /** What the file `EXPANDED_PATH` has to hold. */
  readonly expansions: readonly Expansion[];
  readonly totalBytes: number;
  /** The other files that are still needed: what only held quantized weights is not. */
  readonly locations: ReadonlySet<string>;
}

/** What to change. */
interface Plan {
  readonly expansions: readonly Expansion[];
  /** Operators that become plain products, and the names of what they multiply. */
  readonly products: ReadonlyMap<ProtobufField, readonly [input: string, weight: string]>;
  readonly initializers: ReadonlyMap<ProtobufField, Initializer>;
  readonly totalBytes: number;
}

/**
 * Plans and writes the graph; no weight is read. Undefined where nothing is to be expanded, or more than `maxBytes` would
 * be. Not for graphs with graphs inside, which may use the same constants. Throws `file-corrupt` for damaged bytes.
 */
export function expandGraph(bytes: Uint8Array, maxBytes: number): ExpandedGraph | undefined {
  try {
    const model = [...protobufFields(bytes)];
    const [graphField, ...others] = model.filter(({ number }) => number === FIELD.model.graph);
    if (!graphField?.bytes || others.length > 0) return undefined;
    const graph = [...protobufFields(graphField.bytes)];
    const plan = planExpansion(graph);
    if (plan.expansions.length === 0 || plan.totalBytes > maxBytes) return undefined;
    const { fields, locations } = rewriteGraph(graph, plan);
    const rewritten = new ProtobufMessage();
    for (const field of model) {
      if (field === graphField) rewritten.bytes(FIELD.model.graph, fields);
      else rewritten.raw(field.raw);
    }
    return { graphBytes: rewritten.build(), expansions: plan.expansions, totalBytes: plan.totalBytes, locations };
  } catch (error) {
    throw error instanceof RangeError ? damagedGraph(error) : error;
  }
}

function planExpansion(graph: readonly ProtobufField[]): Plan {
  const initializers = new Map<ProtobufField, Initializer>();
  const constants = new Map<string, Initializer>();
  for (const field of graph) {
    if (field.number !== FIELD.graph.initializer || !field.bytes) continue;
    const initializer = readInitializer(field.bytes);
    initializers.set(field, initializer);
    constants.set(initializer.name, initializer);
  }
  // What is an input, too, is only a default that a caller may replace.
  for (const name of portNames(graph, FIELD.graph.input)) constants.delete(name);

  const shared = new Map<string, Expansion>();
  const products = new Map<ProtobufField, readonly [string, string]>();
  let totalBytes = 0;
  for (const field of graph) {
    if (field.number !== FIELD.graph.node || !field.bytes) continue;
    const matmul = readQuantizedMatMul(field.bytes, constants);
    if (!matmul) continue;
    const { input, ...weight } = matmul;
    const { layout, codes, scales, zeroPoints } = weight;
    const key = JSON.stringify([layout, codes.name, scales.name, zeroPoints?.name]);
    let expansion = shared.get(key);
    if (!expansion) {
      expansion = { weight, name: `${EXPANDED_PATH}/${shared.size}`, offset: totalBytes };
      totalBytes += quantizedSizes(layout).expandedBytes;
      shared.set(key, expansion);
    }
    products.set(field, [input, expansion.name]);
  }
  return { expansions: [...shared.values()], products, initializers, totalBytes };
}

/** The graph with plain products, and the files that what is left of its old constants lies in. */
function rewriteGraph(
  graph: readonly ProtobufField[],
  { expansions, products, initializers }: Plan,
): { fields: ProtobufMessage; locations: ReadonlySet<string> } {
  const stillUsed = new Set(portNames(graph, FIELD.graph.output));
  const noLongerUsed = new Set<string>();
  for (const field of graph) {
    if (field.number !== FIELD.graph.node || !field.bytes) continue;
    const names = texts(field.bytes, FIELD.node.input);
    // What a product multiplies stays, its weights go.
    const goes = products.has(field) ? names.splice(1) : [];
    for (const name of names) stillUsed.add(name);
    for (const name of goes) noLongerUsed.add(name);
  }
  const fields = new ProtobufMessage();
  const locations = new Set<string>();
  for (const field of graph) {
    const inputs = products.get(field);
    const initializer = initializers.get(field);
    if (inputs && field.bytes) fields.bytes(FIELD.graph.node, plainProduct(field.bytes, inputs));
    else if (initializer && noLongerUsed.has(initializer.name) && !stillUsed.has(initializer.name)) continue;
    else {
      fields.raw(field.raw);
      if (initializer?.external) locations.add(initializer.external.location);
    }
  }
  for (const expansion of expansions) fields.bytes(FIELD.graph.initializer, expandedTensor(expansion));
  return { fields, locations };
}

/** The operator as `MatMul`: its name and outputs stay. */
function plainProduct(node: Uint8Array, inputs: readonly string[]): ProtobufMessage {
  const message = new ProtobufMessage();
  for (const name of inputs) message.bytes(FIELD.node.input, name);
  for (const { number, raw } of protobufFields(node)) {
    if (number === FIELD.node.output || number === FIELD.node.name) message.raw(raw);
  }
  return message.bytes(FIELD.node.op, "MatMul");
}

function expandedTensor({ name, offset, weight: { layout } }: Expansion): ProtobufMessage {
  const tensor = new ProtobufMessage()
    .varint(FIELD.tensor.dim, layout.rows)
    .varint(FIELD.tensor.dim, layout.columns)
    .varint(FIELD.tensor.type, ELEMENT.float32)
    .bytes(FIELD.tensor.name, name);
  const entries = { location: EXPANDED_PATH, offset, length: quantizedSizes(layout).expandedBytes };
  for (const [key, value] of Object.entries(entries)) {
    const entry = new ProtobufMessage().bytes(FIELD.entry.key, key);
    tensor.bytes(FIELD.tensor.external, entry.bytes(FIELD.entry.value, String(value)));
  }
  return tensor.varint(FIELD.tensor.location, EXTERNAL);
}

function portNames(graph: readonly ProtobufField[], number: number): string[] {
  return graph.flatMap((field) => (field.number === number && field.bytes ? texts(field.bytes, FIELD.port.name) : []));
}

function texts(message: Uint8Array, number: number): string[] {
  return [...protobufFields(message)].flatMap((field) =>
    field.number === number && field.bytes ? [protobufText(field.bytes)] : [],
  );
}
