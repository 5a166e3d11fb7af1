/** Constants of a graph, read without their content. */
import { readFields, MAX_RANK, readName, type ReadBudget } from "./bounds";
import { elementBytes } from "./element-types";
import { damaged } from "./errors";
import { type ProtobufField, protobufNumbers } from "./protobuf";
import { FIELD } from "./schema";

/** Where the content of a tensor lies in a file beside the graph, as the graph states it: nothing has been checked. */
interface ExternalRange {
  readonly location: string;
  readonly offset: number;
  /** Undefined if the graph does not state it; then the content reaches to the end of the file. */
  readonly length: number | undefined;
}

/** A `TensorProto` as the file states it. Its size and its range may contradict its shape. */
export interface Tensor {
  readonly name: string;
  /** Element type of onnx.proto3, see `ELEMENT`. */
  readonly type: number;
  readonly dims: readonly number[];
  /** Number of elements; undefined if a dimension or the product is too large to be exact. */
  readonly elements: number | undefined;
  /** Size that follows from type and shape; undefined if the number of elements or the size of one is not known. */
  readonly bytes: number | undefined;
  /** Content that is stored as raw bytes inside the graph; a view. */
  readonly raw: Uint8Array | undefined;
  readonly external: ExternalRange | undefined;
  /** The whole `TensorProto`; a view. */
  readonly content: Uint8Array;
}

/** Reads a `TensorProto`. Throws `file-corrupt` for too many dimensions, `RangeError` for broken bytes. */
export function readTensor(content: Uint8Array, budget?: ReadBudget): Tensor {
  let name = "";
  let type = 0;
  const dims: number[] = [];
  const entries = new Map<string, string>();
  let raw: Uint8Array | undefined;
  for (const field of readFields(content, budget)) {
    if (field.number === FIELD.tensor.name && field.bytes) name = readName(field.bytes);
    else if (field.number === FIELD.tensor.type) type = field.value ?? 0;
    else if (field.number === FIELD.tensor.raw) raw = field.bytes;
    else if (field.number === FIELD.tensor.dim) addDims(dims, field);
    else if (field.number === FIELD.tensor.external && field.bytes) entries.set(...readEntry(field.bytes, budget));
  }
  const product = dims.reduce((all, dim) => all * dim, 1);
  const elements = dims.every(Number.isSafeInteger) && Number.isSafeInteger(product) ? product : undefined;
  const bytes = elements === undefined ? undefined : elementBytes(type, elements);
  return { name, type, dims, elements, bytes, raw, external: rangeOf(entries), content };
}

function rangeOf(entries: ReadonlyMap<string, string>): ExternalRange | undefined {
  const location = entries.get("location");
  if (location === undefined) return undefined;
  const length = entries.get("length");
  return {
    location,
    offset: Number(entries.get("offset") ?? 0),
    length: length === undefined ? undefined : Number(length),
  };
}

/** Adds one dimension, or several packed ones. */
function addDims(dims: number[], field: ProtobufField): void {
  // A varint has at most ten bytes, so longer fields need not be unpacked.
  const tooMany = dims.length >= MAX_RANK || (field.bytes?.length ?? 0) > 10 * MAX_RANK;
  if (!tooMany) dims.push(...protobufNumbers(field));
  if (tooMany || dims.length > MAX_RANK) throw damaged(`a weight has more than ${MAX_RANK} dimensions`);
}

function readEntry(content: Uint8Array, budget: ReadBudget | undefined): [key: string, value: string] {
  let [key, value] = ["", ""];
  for (const { number, bytes } of readFields(content, budget)) {
    if (number === FIELD.entry.key && bytes) key = readName(bytes);
    if (number === FIELD.entry.value && bytes) value = readName(bytes);
  }
  return [key, value];
}
