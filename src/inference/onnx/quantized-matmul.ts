/** Finds products with quantized matrices that are understood to the last bit, and where their parts lie. */
import { ELEMENT, type GraphNode, intAttribute, type Tensor } from "../../onnx";
import { type QuantizedLayout, quantizedSizes } from "./quantized-matrix";

/** A `MatMulNBits` with constant weights. */
export interface QuantizedMatMul {
  readonly layout: QuantizedLayout;
  readonly codes: Tensor;
  readonly scales: Tensor;
  readonly zeroPoints: Tensor | undefined;
  /** Name of the value that it multiplies. */
  readonly input: string;
}

/** Attributes that are understood. `accuracy_level` allows a kernel to be less exact than `MatMul`, so it can be ignored. */
const KNOWN_ATTRIBUTES = new Set(["K", "N", "bits", "block_size", "accuracy_level"]);
const DEFAULT_BITS = 4;
const MIN_BLOCK_SIZE = 16;

/**
 * Recognizes a product. Undefined for every other operator, and for products that are not fully understood: with column
 * orders (`g_idx`), biases, scales or zero points of other types, weights that are not constants, or inconsistent sizes.
 */
export function readQuantizedMatMul(
  node: GraphNode,
  constants: ReadonlyMap<string, Tensor>,
): QuantizedMatMul | undefined {
  if (node.op !== "MatMulNBits" || node.domain !== "com.microsoft") return undefined;
  if ([...node.attributes.keys()].some((name) => !KNOWN_ATTRIBUTES.has(name))) return undefined;
  const [input, codesName = "", scalesName = "", zeroPointsName = "", ...others] = node.inputs;
  if (!input || others.some((name) => name !== "")) return undefined;
  const layout = readLayout(node);
  const codes = constants.get(codesName);
  const scales = constants.get(scalesName);
  const zeroPoints = constants.get(zeroPointsName);
  if (!layout || !codes || !scales || (zeroPointsName !== "" && !zeroPoints)) return undefined;
  const sizes = quantizedSizes(layout);
  const understood =
    codes.type === ELEMENT.uint8 &&
    String(codes.dims) === String([layout.columns, sizes.blocks, sizes.blockBytes]) &&
    scales.type === ELEMENT.float32 &&
    scales.elements === sizes.scales &&
    (!zeroPoints || (zeroPoints.type === ELEMENT.uint8 && zeroPoints.elements === sizes.zeroPoints)) &&
    [codes, scales, zeroPoints].every((part) => !part || !part.raw !== !part.external);
  return understood ? { layout, codes, scales, zeroPoints, input } : undefined;
}

function readLayout(node: GraphNode): QuantizedLayout | undefined {
  const rows = intAttribute(node, "K") ?? 0;
  const columns = intAttribute(node, "N") ?? 0;
  const blockSize = intAttribute(node, "block_size") ?? 0;
  const bits = node.attributes.has("bits") ? intAttribute(node, "bits") : DEFAULT_BITS;
  if (bits !== 4 && bits !== 8) return undefined;
  if (rows < 1 || columns < 1 || blockSize < MIN_BLOCK_SIZE || !Number.isInteger(Math.log2(blockSize)))
    return undefined;
  return Number.isSafeInteger(rows * columns * blockSize) ? { rows, columns, bits, blockSize } : undefined;
}
