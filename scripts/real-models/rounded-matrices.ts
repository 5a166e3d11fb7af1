/**
 * Matrices as ONNX Runtime's dynamic quantizer writes them, with the settings that Transformers.js's converter has for graphs
 * with fused attention: unsigned codes of 8 bits, with one scale and one zero point for a whole matrix. Activations are
 * rounded to 8 bits too, with a scale that is found while the graph runs. On model hubs, such files end in `_quantized`.
 */
import { type BlockMatrix, floats, turned } from "./blocks";
import { type EmbeddingTable, type Matrices, TABLE, weightName } from "./matrices";
import type { Operators } from "./operators";

const FLOAT = 1;
const MAX_CODE = 255;

/** Numbers as `(code − zero) · scale`. */
export interface RoundedValues {
  readonly codes: Uint8Array;
  readonly scale: number;
  readonly zero: number;
}

/** Names of the parts of a matrix, or of an activation, in the graph. */
interface Parts {
  readonly codes: string;
  readonly scale: string;
  readonly zero: string;
}

/** Rounds numbers to codes, bit by bit as the quantizer does: 0 always keeps its exact value. */
export function roundedValues(values: Float32Array): RoundedValues {
  let [least, most] = [0, 0];
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  const exact = (most - least) / MAX_CODE;
  if (exact === 0) return { codes: new Uint8Array(values.length), scale: 1, zero: 0 };
  // The quantizer finds the zero point before it stores the scale with 32 bits.
  const [scale, zero] = [Math.fround(exact), evenRound((0 - least) / exact)];
  const codes = new Uint8Array(values.length);
  for (let at = 0; at < codes.length; at++) {
    const code = evenRound(Math.fround(values[at]! / scale)) + zero;
    codes[at] = Math.min(MAX_CODE, Math.max(0, code));
  }
  return { codes, scale, zero };
}

/** Writes such matrices. The head stays a product of floats, since the quantizer does not see that a turned table is constant. */
export class RoundedMatrices implements Matrices {
  readonly #operators: Operators;
  /** Rounded activations; products that read the same value share them. */
  readonly #activations = new Map<string, Parts>();

  constructor(operators: Operators) {
    this.#operators = operators;
  }

  product(path: string, x: string, matrix: BlockMatrix): string {
    const operators = this.#operators;
    const { rows, columns } = matrix;
    const { codes, ...rest } = roundedValues(floats(matrix));
    const weight = this.#constant(weightName(path), [columns, rows], { codes: turned(codes, rows, columns), ...rest });
    const activation = this.#rounded(x);
    const [name, output] = [`${path}/MatMul_quant`, `${path}/MatMul/output_0`];
    const inputs = [activation.codes, weight.codes, activation.zero, weight.zero];
    const product = operators.op(name, "MatMulInteger", inputs, { outputs: [`${output}_output_quantized`] });
    const cast = operators.op(`${product}_cast`, "Cast", [product], {
      attributes: { to: FLOAT },
      outputs: [`${product}_cast_output`],
    });
    const scale = operators.op(`${name}_scales_mul`, "Mul", [activation.scale, weight.scale], {
      outputs: [`${name}_scales_mul:0`],
    });
    return operators.op(`${name}_output_scale_mul`, "Mul", [cast, scale], { outputs: [output] });
  }

  table(matrix: BlockMatrix): EmbeddingTable {
    const operators = this.#operators;
    const table = this.#constant(TABLE, [matrix.rows, matrix.columns], roundedValues(floats(matrix)));
    const numbers = (codes: string, output: string): string => {
      const inputs = [codes, table.scale, table.zero];
      return operators.op(`${output}_DequantizeLinear`, "DequantizeLinear", inputs, { outputs: [output] });
    };
    const [gather, transpose] = ["/model/embed_tokens/Gather", "/lm_head/Transpose"];
    const rows = operators.op(gather, "Gather", [table.codes, "input_ids"], {
      outputs: [`${gather}/output_0_quantized`],
    });
    return {
      embedded: numbers(rows, `${gather}/output_0`),
      head: (value) => {
        const head = operators.op(transpose, "Transpose", [table.codes], {
          attributes: { perm: [1, 0] },
          outputs: [`${transpose}/output_0_quantized`],
        });
        const inputs = [value, numbers(head, `${transpose}/output_0`)];
        operators.op("/lm_head/MatMul", "MatMul", inputs, { outputs: ["logits"] });
      },
    };
  }

  #constant(name: string, dims: readonly number[], { codes, scale, zero }: RoundedValues): Parts {
    const { writer } = this.#operators;
    return {
      codes: writer.codes(dims, codes, { name: `${name}_quantized` }),
      scale: writer.weight([], Float32Array.of(scale), { name: `${name}_scale` }),
      zero: writer.codes([], Uint8Array.of(zero), { name: `${name}_zero_point` }),
    };
  }

  #rounded(x: string): Parts {
    const known = this.#activations.get(x);
    if (known) return known;
    const parts = { codes: `${x}_quantized`, scale: `${x}_scale`, zero: `${x}_zero_point` };
    const outputs = [parts.codes, parts.scale, parts.zero];
    this.#operators.op(`${x}_QuantizeLinear`, "DynamicQuantizeLinear", [x], { outputs });
    this.#activations.set(x, parts);
    return parts;
  }
}

/** The nearest integer; of two that are equally near, the even one. */
function evenRound(value: number): number {
  const nearest = Math.round(value);
  return nearest - value === 0.5 && nearest % 2 !== 0 ? nearest - 1 : nearest;
}
