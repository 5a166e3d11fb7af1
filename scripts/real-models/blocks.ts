/** Matrices in blocks of 32 numbers, as GGUF files have them, taken apart without rounding any number. */
import { FORMAT, type GgufTensor } from "./gguf";

/** Numbers that share a scale. */
export const BLOCK = 32;

/**
 * A matrix whose numbers are `(code − middle) · scale + offset`, with a scale and an offset for each block of a row. The
 * middle is half of all codes, as ONNX Runtime assumes where a graph has no zero points.
 */
export interface BlockMatrix {
  readonly rows: number;
  readonly columns: number;
  /** Bits that a code needs. */
  readonly bits: 4 | 8;
  /** `[rows, columns]`, one byte each. */
  readonly codes: Uint8Array;
  /** `[rows, columns / BLOCK]`. */
  readonly scales: Float32Array;
  /** Like `scales`; absent if all are 0. */
  readonly offsets: Float32Array | undefined;
}

/** Takes a quantized tensor apart. Throws if an offset is not a 32-bit float, since it would have to be rounded. */
export function blockMatrix(tensor: GgufTensor): BlockMatrix {
  const [columns = 0, rows = 0] = tensor.dims;
  const { bytes } = tensor;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const codes = new Uint8Array(rows * columns);
  const scales = new Float32Array((rows * columns) / BLOCK);
  if (tensor.format === FORMAT.q8_0) {
    for (let block = 0; block < scales.length; block++) {
      const at = block * 34;
      scales[block] = halfAt(view, at);
      for (let index = 0; index < BLOCK; index++) codes[block * BLOCK + index] = view.getInt8(at + 2 + index) + 128;
    }
    return { rows, columns, bits: 8, codes, scales, offsets: undefined };
  }
  if (tensor.format !== FORMAT.q4_1) throw new Error(`${tensor.name} is not in blocks that are understood here.`);
  const offsets = new Float32Array(scales.length);
  for (let block = 0; block < scales.length; block++) {
    const at = block * 20;
    const [scale, least] = [halfAt(view, at), halfAt(view, at + 2)];
    scales[block] = scale;
    offsets[block] = least + 8 * scale;
    if (offsets[block] !== least + 8 * scale)
      throw new Error(`${tensor.name} needs an offset that is no 32-bit float.`);
    for (let index = 0; index < BLOCK / 2; index++) {
      const byte = bytes[at + 4 + index]!;
      codes[block * BLOCK + index] = byte & 15;
      codes[block * BLOCK + BLOCK / 2 + index] = byte >> 4;
    }
  }
  return { rows, columns, bits: 4, codes, scales, offsets };
}

/** The numbers of a matrix, `[rows, columns]`, each rounded once. */
export function floats({ bits, codes, scales, offsets }: BlockMatrix): Float32Array {
  const middle = 2 ** (bits - 1);
  return Float32Array.from(codes, (code, at) => {
    const block = Math.floor(at / BLOCK);
    return (code - middle) * scales[block]! + (offsets?.[block] ?? 0);
  });
}

/** The same matrix with codes of 8 bits. */
export function widened(matrix: BlockMatrix): BlockMatrix {
  if (matrix.bits === 8) return matrix;
  return { ...matrix, bits: 8, codes: matrix.codes.map((code) => code + 120) };
}

/** The matrix with its rows in another order: row `index` of the result is row `order(index)`. */
export function reordered(matrix: BlockMatrix, order: (row: number) => number): BlockMatrix {
  const { rows } = matrix;
  const move = <T extends Uint8Array | Float32Array>(values: T): T => {
    const width = values.length / rows;
    const moved = values.slice() as T;
    for (let row = 0; row < rows; row++) {
      moved.set(values.subarray(order(row) * width, (order(row) + 1) * width), row * width);
    }
    return moved;
  };
  return {
    ...matrix,
    codes: move(matrix.codes),
    scales: move(matrix.scales),
    offsets: matrix.offsets && move(matrix.offsets),
  };
}

/** Codes as ONNX Runtime has them: where they have 4 bits, the first of two is in the lower half of a byte. */
export function packedCodes({ bits, codes }: BlockMatrix): Uint8Array {
  if (bits === 8) return codes;
  return Uint8Array.from({ length: codes.length / 2 }, (_, at) => codes[2 * at]! | (codes[2 * at + 1]! << 4));
}

/** A number of 16 bits. */
function halfAt(view: DataView, at: number): number {
  const bits = view.getUint16(at, true);
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const size = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
  return bits & 0x8000 ? -size : size;
}
