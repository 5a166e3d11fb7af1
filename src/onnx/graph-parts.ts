/** Parts of an ONNX graph, read one by one out of their messages: operators, constants, ports. */
import { FIELD } from "./onnx-file";
import { type ProtobufField, protobufFields, protobufNumbers } from "./protobuf";
import { ELEMENT, elementBytes } from "./element-types";
import { cannotSplit, damaged } from "./errors";
import { type WorkCount, MAX_RANK, nameText as text } from "./limits";

/** A dimension: a size, a name for an open one, or not known. */
export type Dim = number | string | undefined;

/** Type and shape of a value, as far as they are known. */
export interface ValueType {
  readonly type: number | undefined;
  readonly shape: readonly Dim[] | undefined;
}

/** A value that enters or leaves the graph, or that is described inside. */
export interface GraphPort extends ValueType {
  readonly name: string;
  readonly raw: Uint8Array;
}

/** A byte range of a file beside the graph. */
export interface WeightRange {
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

/** A constant of the graph. */
export interface GraphConstant {
  readonly name: string;
  readonly type: number;
  readonly dims: readonly number[];
  /** Size of its content, bytes, wherever that stands. */
  readonly bytes: number;
  readonly external: WeightRange | undefined;
  /** The `TensorProto`. */
  readonly content: Uint8Array;
}

/** One operator. */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** Empty for the operators of ONNX itself. */
  readonly domain: string;
  readonly inputs: readonly string[];
  /** Names that graphs inside of it (`If`, `Loop`) take from outside, beside `inputs`. */
  readonly captured: readonly string[];
  readonly outputs: readonly string[];
  /** Operators of the graphs inside of it. */
  readonly inside: readonly GraphNode[];
  readonly attributes: ReadonlyMap<string, Uint8Array>;
  /** The `NodeProto`. */
  readonly content: Uint8Array;
}

/** Graphs inside graphs go no deeper than this in any known model; it keeps hostile files from exhausting the stack. */
const MAX_DEPTH = 8;

/** Fields of an attribute that FIELD does not name: sparse tensors, which are made dense, however few numbers they have. */
const SPARSE_ATTRIBUTES = new Set([22, 23]);

/** The fields of a message, counted where `count` is given. */
export function* fields(content: Uint8Array, count?: WorkCount): Generator<ProtobufField> {
  for (const field of protobufFields(content)) {
    count?.spend();
    yield field;
  }
}

/** Reads a `NodeProto`. Throws `unsupported-model` for weights inside of it that could not be loaded. */
export function readNode(content: Uint8Array, count?: WorkCount, depth = 0): GraphNode {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = new Map<string, Uint8Array>();
  const captured = new Set<string>();
  const inside: GraphNode[] = [];
  let [name, op, domain] = ["", "", ""];
  for (const { number, bytes } of fields(content, count)) {
    if (!bytes) continue;
    if (number === FIELD.node.input) inputs.push(text(bytes));
    else if (number === FIELD.node.output) outputs.push(text(bytes));
    else if (number === FIELD.node.name) name = text(bytes);
    else if (number === FIELD.node.op) op = text(bytes);
    else if (number === FIELD.node.domain) domain = text(bytes) === "ai.onnx" ? "" : text(bytes);
    else if (number === FIELD.node.attribute) {
      for (const field of fields(bytes, count)) {
        if (!field.bytes) continue;
        if (SPARSE_ATTRIBUTES.has(field.number)) throw cannotSplit("it has sparse weights");
        if (field.number === FIELD.attribute.name) attributes.set(text(field.bytes), bytes);
        else if (field.number === FIELD.attribute.tensor || field.number === FIELD.attribute.tensors) {
          refuseExternal(readConstant(field.bytes, count));
        } else if (field.number === FIELD.attribute.graph || field.number === FIELD.attribute.graphs) {
          readInnerGraph(field.bytes, { depth: depth + 1, count, captured, inside });
        }
      }
    }
  }
  return { name, op, domain, inputs, captured: [...captured], outputs, inside, attributes, content };
}

/** Adds the operators of a graph inside an operator, and what it takes from outside. */
function readInnerGraph(
  content: Uint8Array,
  {
    depth,
    count,
    captured,
    inside: nodes,
  }: { depth: number; count: WorkCount | undefined; captured: Set<string>; inside: GraphNode[] },
): void {
  if (depth > MAX_DEPTH) throw cannotSplit("its graph has graphs inside graphs, too deep to follow");
  const inside = new Set<string>();
  const used = new Set<string>();
  for (const { number, bytes } of fields(content, count)) {
    if (!bytes) continue;
    if (number === FIELD.graph.node) {
      const node = readNode(bytes, count, depth);
      nodes.push(node);
      for (const name of [...node.inputs, ...node.captured]) used.add(name);
      for (const name of node.outputs) inside.add(name);
    } else if (number === FIELD.graph.sparseInitializer) {
      throw cannotSplit("it has sparse weights");
    } else if (number === FIELD.graph.initializer) {
      const constant = readConstant(bytes, count);
      inside.add(constant.name);
      refuseExternal(constant);
    } else if (number === FIELD.graph.input) inside.add(readPort(bytes, bytes, count).name);
    else if (number === FIELD.graph.output) used.add(readPort(bytes, bytes, count).name);
  }
  for (const name of used) if (name !== "" && !inside.has(name)) captured.add(name);
}

/** ONNX Runtime Web looks for the files of the graph's own constants only. */
function refuseExternal({ name, external }: GraphConstant): void {
  if (external)
    throw cannotSplit(`it keeps the weight “${name}” inside of an operator and in a file, which cannot be loaded`);
}

/** Reads a `TensorProto`. Throws `file-corrupt` where its size contradicts its shape. */
export function readConstant(content: Uint8Array, count?: WorkCount): GraphConstant {
  let name = "";
  let type = 0;
  const dims: number[] = [];
  const entries = new Map<string, string>();
  let raw: number | undefined;
  for (const field of fields(content, count)) {
    if (field.number === FIELD.tensor.name && field.bytes) name = text(field.bytes);
    else if (field.number === FIELD.tensor.type) type = field.value ?? 0;
    else if (field.number === FIELD.tensor.raw) raw = field.bytes?.length;
    else if (field.number === FIELD.tensor.dim) addDims(dims, field);
    else if (field.number === FIELD.tensor.external && field.bytes) entries.set(...readEntry(field.bytes, count));
  }
  if (!dims.every(Number.isSafeInteger)) throw damaged(`the weight “${name}” has a size that cannot be counted`);
  const elements = dims.reduce((product, dim) => product * dim, 1);
  if (!Number.isSafeInteger(elements)) throw damaged(`the weight “${name}” has more elements than can be counted`);
  const bytes = elementBytes(type, elements);
  const location = entries.get("location");
  if (location === undefined) {
    // What stands in the graph is there: the engine makes room for what the shape says before it looks.
    const complete = raw === undefined ? content.length >= leastBytes(type, elements) : raw === bytes;
    if (bytes !== undefined && !complete) {
      throw damaged(`the weight “${name}” should have ${bytes} bytes and has ${raw ?? content.length}`);
    }
    return { name, type, dims, bytes: bytes ?? 0, external: undefined, content };
  }
  if (bytes === undefined) throw cannotSplit(`its weight “${name}” is of a type (${type}) that is not known here`);
  const offset = Number(entries.get("offset") ?? 0);
  const length = Number(entries.get("length") ?? bytes);
  if (!Number.isSafeInteger(offset) || offset < 0 || !Number.isSafeInteger(offset + bytes) || length !== bytes) {
    throw damaged(`the weight “${name}” should have ${bytes} bytes and is said to have ${length} from ${offset} on`);
  }
  // The path is joined to addresses and folders: nothing may climb out of the model's own folder.
  if (!/^(?:\.\/)?(?!\.)[^\\:?#%/\0]+(?:\/(?!\.)[^\\:?#%/\0]+)*$/.test(location)) {
    throw damaged(`the weight “${name}” should lie in “${location.slice(0, 80)}”, which is no file of the model`);
  }
  return { name, type, dims, bytes, external: { location, offset, length }, content };
}

/** Adds one dimension, or several that are packed. */
function addDims(dims: number[], field: ProtobufField): void {
  // A varint has ten bytes at most.
  const tooMany = dims.length >= MAX_RANK || (field.bytes?.length ?? 0) > 10 * MAX_RANK;
  if (!tooMany) dims.push(...protobufNumbers(field));
  if (tooMany || dims.length > MAX_RANK) throw damaged(`a weight has more than ${MAX_RANK} dimensions`);
}

/** Bytes that elements take at least where they do not stand as raw bytes: whole numbers may be as short as one. */
function leastBytes(type: number, elements: number): number {
  const bytes = elementBytes(type, elements) ?? 0;
  return type === ELEMENT.float32 || type === ELEMENT.float64 ? bytes : Math.min(bytes, elements);
}

function readEntry(content: Uint8Array, count: WorkCount | undefined): [key: string, value: string] {
  let [key, value] = ["", ""];
  for (const { number, bytes } of fields(content, count)) {
    if (number === FIELD.entry.key && bytes) key = text(bytes);
    if (number === FIELD.entry.value && bytes) value = text(bytes);
  }
  return [key, value];
}

/** Reads a `ValueInfoProto`; `raw` is the field it came in. What is no tensor has no type. */
export function readPort(content: Uint8Array, raw: Uint8Array, count?: WorkCount): GraphPort {
  let name = "";
  let type: number | undefined;
  let shape: Dim[] | undefined;
  for (const field of fields(content, count)) {
    if (field.number === FIELD.port.name && field.bytes) name = text(field.bytes);
    else if (field.number === FIELD.port.type && field.bytes) {
      for (const kind of fields(field.bytes, count)) {
        if (kind.number !== FIELD.type.tensor || !kind.bytes) continue;
        for (const part of fields(kind.bytes, count)) {
          if (part.number === FIELD.tensorType.element) type = part.value;
          if (part.number === FIELD.tensorType.shape && part.bytes) shape = readShape(part.bytes, count);
        }
      }
    }
  }
  return { name, type, shape, raw };
}

function readShape(content: Uint8Array, count: WorkCount | undefined): Dim[] {
  const dims: Dim[] = [];
  for (const { number, bytes } of fields(content, count)) {
    if (number !== FIELD.shape.dim || !bytes) continue;
    if (dims.length === MAX_RANK) throw damaged(`a value has more than ${MAX_RANK} dimensions`);
    let dim: Dim;
    for (const field of fields(bytes, count)) {
      // Some exporters write -1 for what is open.
      if (field.number === FIELD.dim.value) dim = Number.isSafeInteger(field.value) ? field.value : undefined;
      if (field.number === FIELD.dim.name && field.bytes?.length) dim = text(field.bytes);
    }
    dims.push(dim);
  }
  return dims;
}

/** A whole number among an operator's attributes; undefined where it is absent or below -128. */
export function intAttribute(node: GraphNode, name: string): number | undefined {
  const field = attributeField(node, name, FIELD.attribute.int);
  if (field?.value === undefined || Number.isSafeInteger(field.value)) return field?.value;
  // Ten bytes, the lowest seven bits first: negative numbers are beyond what a varint's value holds exactly.
  const [low = 0, ...high] = field.raw.subarray(1);
  return high.length === 9 && high.slice(0, 8).every((byte) => byte === 0xff) ? (low & 0x7f) - 0x80 : undefined;
}

/** A tensor among an operator's attributes. */
export function tensorAttribute(node: GraphNode, name: string): GraphConstant | undefined {
  const bytes = attributeField(node, name, FIELD.attribute.tensor)?.bytes;
  return bytes && readConstant(bytes);
}

function attributeField(node: GraphNode, name: string, number: number): ProtobufField | undefined {
  const content = node.attributes.get(name);
  if (!content) return undefined;
  for (const field of fields(content)) if (field.number === number) return field;
  return undefined;
}
