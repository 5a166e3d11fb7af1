/** Which operators are products with a quantized matrix that is understood to the last bit, and where its parts lie. */
import { type ExternalRange, FIELD, readExternal } from "../../onnx";
import { protobufFields, protobufNumbers, protobufText } from "../../onnx";
import { type QuantizedLayout, quantizedSizes } from "./quantized-matrix";

/** Element types of onnx.proto3. */
export const ELEMENT = { float32: 1, uint8: 2 } as const;

/** A constant of the graph: its content stands in the graph or in a file beside it. */
export interface Initializer {
  readonly name: string;
  readonly type: number;
  readonly dims: readonly number[];
  /** A view of the graph's bytes. */
  readonly inline: Uint8Array | undefined;
  readonly external: ExternalRange | undefined;
}

/** Reads a `TensorProto`. Throws `RangeError` for bytes that are none. */
export function readInitializer(tensor: Uint8Array): Initializer {
  let name = "";
  let type = 0;
  const dims: number[] = [];
  let inline: Uint8Array | undefined;
  for (const field of protobufFields(tensor)) {
    if (field.number === FIELD.tensor.name && field.bytes) name = protobufText(field.bytes);
    else if (field.number === FIELD.tensor.type) type = field.value ?? 0;
    else if (field.number === FIELD.tensor.dim) dims.push(...protobufNumbers(field));
    else if (field.number === FIELD.tensor.raw) inline = field.bytes;
  }
  return { name, type, dims, inline, external: readExternal(tensor) };
}

/** A `MatMulNBits` with constant weights. */
export interface QuantizedMatMul {
  readonly layout: QuantizedLayout;
  readonly codes: Initializer;
  readonly scales: Initializer;
  readonly zeroPoints: Initializer | undefined;
  /** Name of what it multiplies. */
  readonly input: string;
}

/** Attributes that are understood; `accuracy_level` lets a kernel be less exact than what is computed instead. */
const KNOWN_ATTRIBUTES = new Set(["K", "N", "bits", "block_size", "accuracy_level"]);
const DEFAULT_BITS = 4;
const MIN_BLOCK_SIZE = 16;

/**
 * Reads a `NodeProto`. Undefined for every other operator, and for what is not fully understood: column orders
 * (`g_idx`), biases, scales or zero points of other types, weights that are no constants, sizes that do not agree.
 */
export function readQuantizedMatMul(
  node: Uint8Array,
  constants: ReadonlyMap<string, Initializer>,
): QuantizedMatMul | undefined {
  const inputs: string[] = [];
  const attributes = new Map<string, number>();
  let op = "";
  let domain = "";
  for (const { number, bytes } of protobufFields(node)) {
    if (!bytes) continue;
    if (number === FIELD.node.input) inputs.push(protobufText(bytes));
    else if (number === FIELD.node.op) op = protobufText(bytes);
    else if (number === FIELD.node.domain) domain = protobufText(bytes);
    else if (number === FIELD.node.attribute) attributes.set(...readAttribute(bytes));
  }
  if (op !== "MatMulNBits" || domain !== "com.microsoft") return undefined;
  if ([...attributes.keys()].some((name) => !KNOWN_ATTRIBUTES.has(name))) return undefined;
  const [input, codesName = "", scalesName = "", zeroPointsName = "", ...others] = inputs;
  if (!input || others.some((name) => name !== "")) return undefined;
  const layout = readLayout(attributes);
  const codes = constants.get(codesName);
  const scales = constants.get(scalesName);
  const zeroPoints = constants.get(zeroPointsName);
  if (!layout || !codes || !scales || (zeroPointsName !== "" && !zeroPoints)) return undefined;
  const sizes = quantizedSizes(layout);
  const understood =
    codes.type === ELEMENT.uint8 &&
    String(codes.dims) === String([layout.columns, sizes.blocks, sizes.blockBytes]) &&
    scales.type === ELEMENT.float32 &&
    elements(scales) === sizes.scales &&
    (!zeroPoints || (zeroPoints.type === ELEMENT.uint8 && elements(zeroPoints) === sizes.zeroPoints)) &&
    [codes, scales, zeroPoints].every((part) => !part || !part.inline !== !part.external);
  return understood ? { layout, codes, scales, zeroPoints, input } : undefined;
}

function readLayout(attributes: ReadonlyMap<string, number>): QuantizedLayout | undefined {
  const rows = attributes.get("K") ?? 0;
  const columns = attributes.get("N") ?? 0;
  const blockSize = attributes.get("block_size") ?? 0;
  const bits = attributes.get("bits") ?? DEFAULT_BITS;
  if (bits !== 4 && bits !== 8) return undefined;
  if (rows < 1 || columns < 1 || blockSize < MIN_BLOCK_SIZE || !Number.isInteger(Math.log2(blockSize)))
    return undefined;
  return Number.isSafeInteger(rows * columns * blockSize) ? { rows, columns, bits, blockSize } : undefined;
}

/** Name and whole number of an attribute; NaN where it is something else, which fits no layout. */
function readAttribute(attribute: Uint8Array): [name: string, value: number] {
  let name = "";
  let value = Number.NaN;
  for (const field of protobufFields(attribute)) {
    if (field.number === FIELD.attribute.name && field.bytes) name = protobufText(field.bytes);
    else if (field.number === FIELD.attribute.int) value = field.value ?? Number.NaN;
  }
  return [name, value];
}

function elements({ dims }: Initializer): number {
  return dims.reduce((product, dim) => product * dim, 1);
}
