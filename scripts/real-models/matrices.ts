/** Matrices in a graph, and the products with them: one class for each way to write their numbers. */
import { type BlockMatrix, floats, packedCodes, turned, widened } from "./blocks";
import { dotted, type Operators } from "./operators";

/** Writes matrices. */
export interface Matrices {
  /** `x` times the matrix: each of its rows gives one number. */
  product(path: string, x: string, matrix: BlockMatrix): string;
  /** Embedding and head over one table, with a row for each token. */
  table(matrix: BlockMatrix): EmbeddingTable;
}

/** Embeddings of the tokens, and what makes logits from the last hidden state. */
export interface EmbeddingTable {
  readonly embedded: string;
  head(hidden: string): void;
}

/** The weight of the product at `path`. */
export const weightName = (path: string): string => `${dotted(path)}.MatMul.weight`;
/** The table of embeddings. */
export const TABLE = "model.embed_tokens.weight";

/** Matrices of 32-bit floats. */
export class FloatMatrices implements Matrices {
  readonly #operators: Operators;

  constructor(operators: Operators) {
    this.#operators = operators;
  }

  product(path: string, x: string, matrix: BlockMatrix): string {
    const { rows, columns } = matrix;
    const values = turned(floats(matrix), rows, columns);
    const weight = this.#operators.writer.weight([columns, rows], values, { name: weightName(path) });
    return this.#operators.op(`${path}/MatMul`, "MatMul", [x, weight]);
  }

  table(matrix: BlockMatrix): EmbeddingTable {
    const operators = this.#operators;
    const table = operators.writer.weight([matrix.rows, matrix.columns], floats(matrix), { name: TABLE });
    return {
      embedded: operators.op("/model/embed_tokens/Gather", "Gather", [table, "input_ids"]),
      head: (value) => {
        const turned = operators.op("/lm_head/Transpose", "Transpose", [table], { attributes: { perm: [1, 0] } });
        operators.op("/lm_head/MatMul", "MatMul", [value, turned], { outputs: ["logits"] });
      },
    };
  }
}

/**
 * Matrices of codes in blocks.
 *
 * The operator `MatMulNBits` has no offsets for its blocks, and float zero points only for 4 bits on the CPU. So that no
 * number changes, products with the offsets have an operator of their own: the sums of each block of the input, times
 * the offsets.
 */
export class CodeMatrices implements Matrices {
  readonly #operators: Operators;
  readonly #bits: 4 | 8;
  /** Sums of the blocks of a value; matrices that read the same value share them. */
  readonly #sums = new Map<string, string>();

  /** With 8 `bits`, codes of 4 bits become codes of 8. */
  constructor(operators: Operators, bits: 4 | 8) {
    this.#operators = operators;
    this.#bits = bits;
  }

  product(path: string, x: string, matrix: BlockMatrix): string {
    const { rows, columns } = matrix;
    const operators = this.#operators;
    const { writer } = operators;
    const name = weightName(path);
    const written = this.#bits === 8 ? widened(matrix) : matrix;
    const { block, bits, scales, offsets } = written;
    const blocks = columns / block;
    const codes = writer.codes([rows, blocks, (block * bits) / 8], packedCodes(written), { name: `${name}_Q${bits}` });
    const product = operators.ownOp(
      `${path}/MatMulNBits`,
      "MatMulNBits",
      [x, codes, writer.weight([rows * blocks], scales, { name: `${name}_scales` })],
      { attributes: { K: columns, N: rows, bits, block_size: block } },
    );
    if (!offsets) return product;
    const weight = writer.weight([blocks, rows], turned(offsets, rows, blocks), { name: `${name}_offsets` });
    const added = operators.op(`${path}/offsets/MatMul`, "MatMul", [this.#blockSums(x, blocks, block), weight]);
    return operators.op(`${path}/Add`, "Add", [product, added]);
  }

  /** The table has 8 bits in the file. */
  table(matrix: BlockMatrix): EmbeddingTable {
    const { rows: vocabulary, columns: hidden, block } = matrix;
    const blocks = hidden / block;
    const operators = this.#operators;
    const { writer } = operators;
    const codes = writer.codes([vocabulary, hidden], packedCodes(matrix), { name: `${TABLE}_Q8` });
    const scales = writer.weight([vocabulary, blocks], matrix.scales, { name: `${TABLE}_scales` });
    const path = "/model/embed_tokens/GatherBlockQuantized";
    return {
      embedded: operators.ownOp(path, "GatherBlockQuantized", [codes, "input_ids", scales], {
        attributes: { gather_axis: 0, quantize_axis: 1, block_size: block, bits: 8 },
      }),
      head: (value) => {
        const shape = writer.integers([vocabulary, blocks, block]);
        const shaped = operators.op("/lm_head/Reshape", "Reshape", [codes, shape]);
        operators.ownOp("/lm_head/MatMulNBits", "MatMulNBits", [value, shaped, scales], {
          attributes: { K: hidden, N: vocabulary, bits: 8, block_size: block },
          outputs: ["logits"],
        });
      },
    };
  }

  #blockSums(x: string, blocks: number, block: number): string {
    const known = this.#sums.get(x);
    if (known !== undefined) return known;
    const operators = this.#operators;
    const path = `${x.replace(/\/output_0$/, "")}/block_sums`;
    const shape = operators.writer.integers([0, 0, blocks, block]);
    const shaped = operators.op(`${path}/Reshape`, "Reshape", [x, shape]);
    const sums = operators.op(`${path}/ReduceSum`, "ReduceSum", [shaped, operators.writer.integers([-1])], {
      attributes: { keepdims: 0 },
    });
    this.#sums.set(x, sums);
    return sums;
  }
}
