/** Small graphs of products with quantized matrices, for tests of what is done to such weights. */
import { uniformAt } from "../sampling";
import { type Attribute, type ExternalFile, OnnxWriter } from "./onnx-writer";

/** One product, and what is special about it. */
export interface QuantizedProduct {
  readonly rows: number;
  readonly columns: number;
  readonly bits?: 4 | 8;
  readonly blockSize: number;
  readonly zeroPoints?: boolean;
  /** Uses the codes of the product before, and everything else of it, as tied weights do. */
  readonly tied?: boolean;
  /** Further inputs: `g_idx` and `bias`. */
  readonly bias?: boolean;
  /** Attributes beside those that every such operator has, or in their place. */
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** Writes other dimensions for the codes than their number asks for. */
  readonly codeDims?: readonly number[];
}

/** A graph, and each product's matrix by the definition of the operator. */
export interface QuantizedGraph {
  readonly model: Uint8Array;
  readonly external: readonly ExternalFile[];
  /** `[rows, columns]`, row by row. */
  readonly matrices: readonly Float32Array[];
}

/** Input `x<n>` times matrix n is output `y<n>`, for each product. The same seed gives the same codes. */
export function quantizedGraph(
  products: readonly QuantizedProduct[],
  options: { seed?: number; externalFiles?: readonly string[] } = {},
): QuantizedGraph {
  const writer = new OnnxWriter(options.externalFiles);
  let drawn = 0;
  const random = (): number => uniformAt(options.seed ?? 1, drawn++);
  let weights: string[] = [];
  const matrices: Float32Array[] = [];
  for (const [index, product] of products.entries()) {
    const { rows, columns, blockSize, bits = 4 } = product;
    const blocks = Math.ceil(rows / blockSize);
    const blockBytes = (blockSize * bits) / 8;
    if (!product.tied) {
      const bytes = (count: number) => Uint8Array.from({ length: count }, () => random() * 256);
      const codes = bytes(columns * blocks * blockBytes);
      const scales = Float32Array.from({ length: columns * blocks }, () => random() / 8 - 1 / 16);
      const zeroBytes = Math.ceil((blocks * bits) / 8);
      const zeros = product.zeroPoints ? bytes(columns * zeroBytes) : undefined;
      weights = [
        writer.codes(product.codeDims ?? [columns, blocks, blockBytes], codes),
        writer.weight([columns * blocks], scales),
        ...(zeros ? [writer.codes([columns * zeroBytes], zeros)] : []),
      ];
      const unpack = (packed: Uint8Array, column: number, columnBytes: number, at: number): number => {
        const byte = packed[column * columnBytes + Math.floor((at * bits) / 8)] ?? 0;
        return bits === 8 ? byte : at % 2 === 0 ? byte % 16 : Math.floor(byte / 16);
      };
      matrices.push(
        Float32Array.from({ length: rows * columns }, (_, at) => {
          const [row, column] = [Math.floor(at / columns), at % columns];
          const block = Math.floor(row / blockSize);
          const zero = zeros ? unpack(zeros, column, zeroBytes, block) : 2 ** (bits - 1);
          return (unpack(codes, column, blocks * blockBytes, row) - zero) * (scales[column * blocks + block] ?? 0);
        }),
      );
    } else matrices.push(matrices.at(-1) ?? new Float32Array());
    const x = writer.input({ name: `x${index}`, type: "float32", shape: ["batch", "sequence", rows] });
    const bias = product.bias ? ["", "", writer.weight([columns], new Float32Array(columns).fill(1))] : [];
    writer.node("MatMulNBits", [x, ...weights, ...bias.slice(weights.length - 2)], {
      domain: "com.microsoft",
      outputs: [`y${index}`],
      attributes: { K: rows, N: columns, bits, block_size: blockSize, accuracy_level: 0, ...product.attributes },
    });
    writer.output({ name: `y${index}`, type: "float32", shape: ["batch", "sequence", columns] });
  }
  return { ...writer.build(), matrices };
}
