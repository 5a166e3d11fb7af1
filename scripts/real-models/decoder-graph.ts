/** The parts of a decoder whose weights are those of a GGUF file. */
import { type BlockMatrix, blockMatrix } from "./blocks";
import { type DecoderSizes, DecoderWiring, type WrittenGraph } from "./decoder-wiring";
import { type Gguf, numberOf } from "./gguf";
import { CodeMatrices, type EmbeddingTable, FloatMatrices, type Matrices } from "./matrices";
import { dotted, type Operators } from "./operators";
import { RoundedMatrices } from "./rounded-matrices";

/** How the numbers of matrices are written. All of them are exactly those of the GGUF file, except those of `q8`, which are rounded. */
export type Precision = "q4" | "int8" | "fp32" | "q8";

/** Writes the graph of a model. Weights go into `externalFile`, or stay inside the graph without one. */
export type WriteGraph = (gguf: Gguf, precision: Precision, externalFile?: string) => WrittenGraph;

const MATRICES: Readonly<Record<Precision, (operators: Operators) => Matrices>> = {
  q4: (operators) => new CodeMatrices(operators, 4),
  int8: (operators) => new CodeMatrices(operators, 8),
  fp32: (operators) => new FloatMatrices(operators),
  q8: (operators) => new RoundedMatrices(operators),
};

/** Reads the sizes that all architectures have; `prefix` begins the names of their keys. */
export function decoderSizes(gguf: Gguf, prefix: string): Omit<DecoderSizes, "headDim" | "vocabulary"> {
  const number = (key: string): number => numberOf(gguf, `${prefix}.${key}`);
  return {
    layers: number("block_count"),
    hidden: number("embedding_length"),
    heads: number("attention.head_count"),
    keyHeads: number("attention.head_count_kv"),
    context: number("context_length"),
    ropeBase: number("rope.freq_base"),
    epsilon: number("attention.layer_norm_rms_epsilon"),
    feedForward: number("feed_forward_length"),
  };
}

/** Writes the parts of one model. */
export class DecoderGraph extends DecoderWiring {
  readonly #gguf: Gguf;
  readonly #sizes: DecoderSizes;
  readonly #matrices: Matrices;

  constructor(gguf: Gguf, sizes: DecoderSizes, precision: Precision, externalFile: string | undefined) {
    super(sizes, { externalFile });
    this.#gguf = gguf;
    this.#sizes = sizes;
    this.#matrices = MATRICES[precision](this);
  }

  /** A matrix of the GGUF file. */
  matrix(name: string): BlockMatrix {
    return blockMatrix(this.#tensor(name));
  }

  /** Embedding and head over one table. */
  table(): EmbeddingTable {
    return this.#matrices.table(this.matrix("token_embd.weight"));
  }

  /** The norm of a value, over its last `width` numbers. */
  norm(path: string, tensor: string, value: string, width = this.#sizes.hidden): string {
    return this.normWith(path, this.#normWeight(path, tensor, width), value);
  }

  /** The norm of the hidden state, after a branch has been added to it. */
  normOfSum(path: string, tensor: string, sum: string, branch: string): { normed: string; sum: string } {
    if (branch === "") return { normed: this.norm(path, tensor, sum), sum };
    return this.sumNormWith(path, this.#normWeight(path, tensor, this.#sizes.hidden), sum, branch);
  }

  /** `x` times the matrix: each of its rows gives one number. */
  product(path: string, x: string, matrix: BlockMatrix): string {
    return this.#matrices.product(path, x, matrix);
  }

  #tensor(name: string) {
    const tensor = this.#gguf.tensors.get(name);
    if (!tensor) throw new Error(`The GGUF file has no tensor ${name}.`);
    return tensor;
  }

  #normWeight(path: string, tensor: string, width: number): string {
    const { bytes } = this.#tensor(tensor);
    return this.writer.weight([width], new Float32Array(bytes.slice().buffer), { name: `${dotted(path)}.weight` });
  }
}
