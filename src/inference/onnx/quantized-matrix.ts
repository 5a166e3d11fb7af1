/** Matrices whose numbers are codes of a few bits, scaled block by block, as the operator `MatMulNBits` has them. */

/** How a matrix of `rows` inputs and `columns` outputs is packed. */
export interface QuantizedLayout {
  /** The operator's `K`. */
  readonly rows: number;
  /** The operator's `N`. */
  readonly columns: number;
  /** Bits of one code. */
  readonly bits: 4 | 8;
  /** Numbers of one column that share a scale, a power of two from 16 on; the last block may be padded. */
  readonly blockSize: number;
}

/** The packed numbers: column by column, the lowest bits of a byte first, every column filled up to whole blocks. */
interface QuantizedData {
  readonly codes: Uint8Array;
  /** `[columns, blocks]`. */
  readonly scales: Float32Array;
  /** `[columns, blocks]`, packed like codes, each column padded to whole bytes. If absent, zero is the middle code. */
  readonly zeroPoints: Uint8Array | undefined;
}

/** Sizes that follow from a layout. */
interface QuantizedSizes {
  readonly blocks: number;
  /** Bytes of one block's codes. */
  readonly blockBytes: number;
  readonly codes: number;
  readonly scales: number;
  readonly zeroPoints: number;
  /** Of the matrix in 32-bit floats. */
  readonly expandedBytes: number;
}

/** Computes the sizes that the parts of a layout must have. */
export function quantizedSizes({ rows, columns, bits, blockSize }: QuantizedLayout): QuantizedSizes {
  const blocks = Math.ceil(rows / blockSize);
  const blockBytes = (blockSize * bits) / 8;
  return {
    blocks,
    blockBytes,
    codes: columns * blocks * blockBytes,
    scales: columns * blocks,
    zeroPoints: columns * Math.ceil((blocks * bits) / 8),
    expandedBytes: rows * columns * Float32Array.BYTES_PER_ELEMENT,
  };
}

/** Columns that are worked on side by side: their floats fill a cache line of the row that is written. */
const TILE_COLUMNS = 16;

/** Writes the matrix as `[rows, columns]` to `out`: each number is (code − zero point) · scale, rounded once. */
export function dequantize(layout: QuantizedLayout, data: QuantizedData, out: Float32Array): void {
  const { rows, columns, bits, blockSize } = layout;
  const { blocks, blockBytes } = quantizedSizes(layout);
  const { codes, scales } = data;
  const zeros = zeroPoints(layout, data.zeroPoints);
  const columnBytes = blocks * blockBytes;
  const blockShift = Math.log2(blockSize);
  const mask = 2 ** bits - 1;
  for (let first = 0; first < columns; first += TILE_COLUMNS) {
    const end = Math.min(columns, first + TILE_COLUMNS);
    for (let row = 0; row < rows; row++) {
      const byte = (row * bits) >> 3;
      const shift = (row * bits) & 7;
      const block = row >> blockShift;
      for (let column = first; column < end; column++) {
        const code = (codes[column * columnBytes + byte]! >> shift) & mask;
        const scaled = column * blocks + block;
        out[row * columns + column] = (code - zeros[scaled]!) * scales[scaled]!;
      }
    }
  }
}

/** One zero point for each block, `[columns, blocks]`. */
function zeroPoints({ rows, columns, bits, blockSize }: QuantizedLayout, packed: Uint8Array | undefined): Uint8Array {
  const blocks = Math.ceil(rows / blockSize);
  const zeros = new Uint8Array(columns * blocks).fill(2 ** (bits - 1));
  if (!packed) return zeros;
  const columnBytes = Math.ceil((blocks * bits) / 8);
  const mask = 2 ** bits - 1;
  for (let column = 0; column < columns; column++) {
    for (let block = 0; block < blocks; block++) {
      const byte = packed[column * columnBytes + ((block * bits) >> 3)]!;
      zeros[column * blocks + block] = (byte >> ((block * bits) & 7)) & mask;
    }
  }
  return zeros;
}
