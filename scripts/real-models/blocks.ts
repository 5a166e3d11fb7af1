/** Matrices of codes, as GGUF files have them, taken apart without rounding any number. */
import { blockOf, FORMAT } from "../../src/gguf";
import type { GgufTensor } from "./gguf";

/**
 * A matrix whose numbers are `(code − middle) · scale + offset`, with a scale and an offset for each block of a row. The
 * middle is half of all codes, as ONNX Runtime assumes where a graph has no zero points.
 */
export interface BlockMatrix {
  readonly rows: number;
  readonly columns: number;
  /** Numbers that share a scale: 16 or 32. */
  readonly block: number;
  /** Bits that a code needs. */
  readonly bits: 4 | 8;
  /** `[rows, columns]`, one byte each. */
  readonly codes: Uint8Array;
  /** `[rows, columns / block]`. */
  readonly scales: Float32Array;
  /** Like `scales`; absent if all are 0. */
  readonly offsets: Float32Array | undefined;
}

/** How a format is read. One of the file's blocks may hold several of ours. */
interface BlockFormat {
  readonly block: number;
  readonly bits: 4 | 8;
  readonly hasOffsets: boolean;
  /** Reads the file's block at `at`. `put` takes what belongs to one of ours: its place in there, and its numbers. */
  read(view: DataView, at: number, put: PutBlock): void;
}

/** The numbers are `code(index) · scale + least`, with codes from −middle on where there is no `least`, otherwise from 0 on. */
type PutBlock = (index: number, block: { scale: number; least?: number; code(index: number): number }) => void;

const halfOf = (byte: number, high: boolean): number => (high ? byte >> 4 : byte & 15);

const FORMATS: Readonly<Record<number, BlockFormat>> = {
  [FORMAT.q4_1]: {
    ...{ block: 32, bits: 4, hasOffsets: true },
    read: (view, at, put) =>
      put(0, {
        ...{ scale: halfAt(view, at), least: halfAt(view, at + 2) },
        code: (index) => halfOf(view.getUint8(at + 4 + (index % 16)), index >= 16),
      }),
  },
  [FORMAT.q5_0]: {
    ...{ block: 32, bits: 8, hasOffsets: false },
    read: (view, at, put) =>
      put(0, {
        scale: halfAt(view, at),
        code: (index) => {
          const fifth = (view.getUint32(at + 2, true) >>> index) & 1;
          return halfOf(view.getUint8(at + 6 + (index % 16)), index >= 16) + 16 * fifth - 16;
        },
      }),
  },
  [FORMAT.q8_0]: {
    ...{ block: 32, bits: 8, hasOffsets: false },
    read: (view, at, put) => put(0, { scale: halfAt(view, at), code: (index) => view.getInt8(at + 2 + index) }),
  },
  [FORMAT.q4_k]: {
    ...{ block: 32, bits: 4, hasOffsets: true },
    read: (view, at, put) => {
      const [scale, least] = [halfAt(view, at), halfAt(view, at + 2)];
      for (let part = 0; part < 8; part++) {
        const [factor, leastFactor] = sixBits(view, at + 4, part);
        const codes = at + 16 + 32 * (part >> 1);
        put(part, {
          ...{ scale: scale * factor, least: -least * leastFactor },
          code: (index) => halfOf(view.getUint8(codes + index), part % 2 === 1),
        });
      }
    },
  },
  [FORMAT.q6_k]: {
    ...{ block: 16, bits: 8, hasOffsets: false },
    read: (view, at, put) => {
      const scale = halfAt(view, at + 208);
      for (let part = 0; part < 16; part++) {
        put(part, {
          scale: scale * view.getInt8(at + 192 + part),
          code: (index) => {
            // In each half of 128 numbers, four rows of 32 share bytes: two rows the low bits, all four the high ones.
            const [half, row, column] = [part >> 3, (part % 8) >> 1, 16 * (part % 2) + index];
            const low = halfOf(view.getUint8(at + 64 * half + 32 * (row % 2) + column), row >= 2);
            const high = (view.getUint8(at + 128 + 32 * half + column) >> (2 * row)) & 3;
            return low + 16 * high - 32;
          },
        });
      }
    },
  },
};

/** Takes a quantized tensor apart. Throws if an offset is not a 32-bit float, since it would have to be rounded. */
export function blockMatrix(tensor: GgufTensor): BlockMatrix {
  const [columns = 0, rows = 0] = tensor.dims;
  const format = FORMATS[tensor.format];
  const [numbers, bytes] = blockOf(tensor.format) ?? [1, 1];
  if (!format) throw new Error(`${tensor.name} is not in blocks that are understood here.`);
  const { block, bits, hasOffsets } = format;
  const view = new DataView(tensor.bytes.buffer, tensor.bytes.byteOffset, tensor.bytes.byteLength);
  const codes = new Uint8Array(rows * columns);
  const scales = new Float32Array((rows * columns) / block);
  const offsets = hasOffsets ? new Float32Array(scales.length) : undefined;
  const middle = 2 ** (bits - 1);
  for (let at = 0; at * numbers < codes.length; at++) {
    format.read(view, at * bytes, (part, { scale, least, code }) => {
      const place = at * (numbers / block) + part;
      scales[place] = scale;
      if (offsets && least !== undefined) {
        offsets[place] = least + middle * scale;
        if (offsets[place] !== least + middle * scale)
          throw new Error(`${tensor.name} needs an offset that is no 32-bit float.`);
      }
      const lowest = offsets ? 0 : middle;
      for (let index = 0; index < block; index++) codes[place * block + index] = code(index) + lowest;
    });
  }
  return { rows, columns, block, bits, codes, scales, offsets };
}

/** The numbers of a matrix, `[rows, columns]`, each rounded once. */
export function floats({ block, bits, codes, scales, offsets }: BlockMatrix): Float32Array {
  const middle = 2 ** (bits - 1);
  // A loop, since `Float32Array.from` makes an ordinary array first, which no table of a large vocabulary fits into.
  const values = new Float32Array(codes.length);
  for (let at = 0; at < values.length; at++) {
    const place = Math.floor(at / block);
    values[at] = (codes[at]! - middle) * scales[place]! + (offsets?.[place] ?? 0);
  }
  return values;
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

/** A matrix with rows and columns exchanged. */
export function turned<T extends Uint8Array | Float32Array>(values: T, rows: number, columns: number): T {
  const out = values.slice() as T;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) out[column * rows + row] = values[row * columns + column]!;
  }
  return out;
}

/** A number of 16 bits. */
function halfAt(view: DataView, at: number): number {
  const bits = view.getUint16(at, true);
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const size = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
  return bits & 0x8000 ? -size : size;
}

/** The factors of 6 bits of one of the eight parts of a block: for its scale, and for its least number. */
function sixBits(view: DataView, at: number, part: number): readonly [number, number] {
  const byte = (index: number): number => view.getUint8(at + index);
  if (part < 4) return [byte(part) & 63, byte(part + 4) & 63];
  const low = byte(part + 4);
  return [(low & 15) | ((byte(part - 4) >> 6) << 4), (low >> 4) | ((byte(part) >> 6) << 4)];
}
