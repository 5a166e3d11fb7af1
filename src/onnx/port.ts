/** Inputs, outputs and described values of a graph. */
import { readFields, MAX_RANK, readName, type ReadBudget } from "./bounds";
import { damaged } from "./errors";
import { FIELD } from "./schema";

/** A dimension: its size, the name of an open one, or undefined if it is not known. */
export type Dim = number | string | undefined;

/** Type and shape of a value, as far as they are known. */
export interface ValueType {
  readonly type: number | undefined;
  readonly shape: readonly Dim[] | undefined;
}

/** A value that enters or leaves the graph, or one inside of it that the file describes. */
export interface GraphPort extends ValueType {
  readonly name: string;
  /** The whole `ValueInfoProto`; a view. */
  readonly content: Uint8Array;
}

/** Reads a `ValueInfoProto`. A value that is not a tensor has no type. */
export function readPort(content: Uint8Array, budget?: ReadBudget): GraphPort {
  let name = "";
  let type: number | undefined;
  let shape: Dim[] | undefined;
  for (const field of readFields(content, budget)) {
    if (field.number === FIELD.port.name && field.bytes) name = readName(field.bytes);
    else if (field.number === FIELD.port.type && field.bytes) {
      for (const kind of readFields(field.bytes, budget)) {
        if (kind.number !== FIELD.type.tensor || !kind.bytes) continue;
        for (const part of readFields(kind.bytes, budget)) {
          if (part.number === FIELD.tensorType.element) type = part.value;
          if (part.number === FIELD.tensorType.shape && part.bytes) shape = readShape(part.bytes, budget);
        }
      }
    }
  }
  return { name, type, shape, content };
}

function readShape(content: Uint8Array, budget: ReadBudget | undefined): Dim[] {
  const dims: Dim[] = [];
  for (const { number, bytes } of readFields(content, budget)) {
    if (number !== FIELD.shape.dim || !bytes) continue;
    if (dims.length === MAX_RANK) throw damaged(`a value has more than ${MAX_RANK} dimensions`);
    let dim: Dim;
    for (const field of readFields(bytes, budget)) {
      // Some exporters write -1 for an open dimension.
      if (field.number === FIELD.dim.value) dim = Number.isSafeInteger(field.value) ? field.value : undefined;
      if (field.number === FIELD.dim.name && field.bytes?.length) dim = readName(field.bytes);
    }
    dims.push(dim);
  }
  return dims;
}
