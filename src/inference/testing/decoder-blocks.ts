/** The parts of which random decoders are written: operators, weights, products and norms. For tests; never bundled. */
import type { DecoderShape } from "./decoder-shape";
import type { Attribute, OnnxWriter } from "./onnx-writer";
import { FIXTURE, MICROSOFT } from "./decoder-sizes";
import { fixedStates, presentOf } from "./decoder-state-shapes";
import { normals } from "./random-model";

const { hidden: HIDDEN, keyHeads: KEY_HEADS, headDim: HEAD_DIM } = FIXTURE;

/** Values that all layers use. */
export interface BlockContext {
  readonly ids: string;
  /** For grouped attention: valid tokens before the last one, and all tokens. */
  readonly lengths: readonly string[];
  readonly positions: string;
  readonly tables: readonly [cos: string, sin: string];
  /** For primitive attention: added to the scores. */
  readonly mask: string;
  /** The second embedding: `FIXTURE.layerEmbedding` numbers for each layer, in one row or in as many as there are layers. */
  readonly layerEmbeddings: { readonly name: string; readonly rows: boolean } | undefined;
}

/** The hidden state between blocks; a branch that no norm has added yet. */
export interface Stream {
  readonly x: string;
  readonly branch?: string;
}

/** How an operator is written: further outputs, and the width of the hidden state that comes out. */
interface OperatorOptions {
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly domain?: string;
  readonly outputs?: readonly string[];
  readonly width?: number;
}

/** A table of embeddings; the head may use it, too. */
export interface EmbeddingTable {
  readonly values: string;
  readonly scales?: string;
  readonly zeroPoints?: string | undefined;
}

/** Writes blocks into a graph. */
export class DecoderBlocks {
  readonly writer: OnnxWriter;
  readonly shape: DecoderShape;
  /** Keys and values repeated for all query heads, by layer and kind. */
  readonly repeated = new Map<string, string>();
  /** Normally distributed numbers. */
  readonly random: (dims: readonly number[], scale: number) => Float32Array;

  constructor(writer: OnnxWriter, shape: DecoderShape, random = normals(shape.seed ?? 1)) {
    this.writer = writer;
    this.shape = shape;
    this.random = random;
  }

  /** Whether floats have 16 bits. */
  get half(): boolean {
    return this.shape.dtype === "float16";
  }

  /** The type of floats. */
  get type(): "float32" | "float16" {
    return this.shape.dtype ?? "float32";
  }

  /** Name of the layer's operators; texts that tell nothing where names shall. */
  path(layer: number): string {
    return { layers: `/model/layers.${layer}`, h: `/transformer/h.${layer}`, blocks: `/decoder/block_${layer}` }[
      this.shape.names === undefined || this.shape.names === "nothing" ? "layers" : this.shape.names
    ];
  }

  op(path: string, op: string, inputs: readonly string[], options: OperatorOptions = {}): string {
    const named = this.shape.names !== "nothing";
    const { attributes = {}, domain = "", width } = options;
    const outputs = options.outputs ?? (named ? [`${path}/output_0`] : undefined);
    const output = this.writer.node(op, inputs, {
      ...(outputs ? { outputs } : {}),
      attributes,
      domain,
      name: named ? path : undefined,
    });
    if (width && this.shape.described) {
      this.writer.describe({ name: output, type: this.type, shape: ["batch_size", "sequence_length", width] });
    }
    return output;
  }

  /** Random floats in the model's precision. */
  floats(path: string, dims: readonly number[], scale: number, offset = 0): string {
    const values = this.random(dims, scale).map((value) => value + offset);
    return this.writer.weight(dims, values, { half: this.half, name: this.weightName(path) });
  }

  /** One float in the model's precision. */
  scalar(value: number): string {
    return this.writer.weight([1], Float32Array.of(value), { half: this.half });
  }

  integers(values: readonly number[], options: { scalar?: boolean } = {}): string {
    return this.writer.integers(values, options);
  }

  /** A product with a random matrix, of floats or of codes, and a bias where the shape has them. */
  product(path: string, x: string, rows: number, columns: number): string {
    const { bits, zeroPoints } = this.shape;
    const scale = 1 / Math.sqrt(rows);
    let y: string;
    if (this.shape.rounded) y = this.rounded(path, x, rows, columns, scale);
    else if (bits) {
      const codes = this.codes(`${path}.MatMul`, columns, rows, bits, scale, zeroPoints ?? false);
      const attributes = { K: rows, N: columns, bits, block_size: FIXTURE.blockSize };
      const inputs = [x, codes.values, codes.scales ?? "", ...(codes.zeroPoints ? [codes.zeroPoints] : [])];
      y = this.op(`${path}/MatMulNBits`, "MatMulNBits", inputs, { attributes, domain: MICROSOFT, width: columns });
    } else {
      const matrix = this.floats(`${path}.MatMul.weight`, [rows, columns], scale);
      y = this.op(`${path}/MatMul`, "MatMul", [x, matrix], { width: columns });
    }
    if (!this.shape.biases) return y;
    return this.op(`${path}/Add`, "Add", [y, this.floats(`${path}.bias`, [columns], 0.1)], { width: columns });
  }

  declareState(layer: number): void {
    const past = this.shape.pastName ?? "past_key_values";
    for (const { past: name, dims } of fixedStates(this.shape, layer)) {
      const shape = ["batch_size", ...dims];
      this.writer.input({ name, type: this.type, shape });
      this.writer.output({ name: presentOf(name), type: this.type, shape });
    }
    if (!this.attends(layer) || this.shape.flaw === "no-cache" || this.borrows(layer)) return;
    const headDim = this.shape.openHeadSize ? "kv_cache_dim" : HEAD_DIM;
    for (const kind of ["key", "value"]) {
      const port = (name: string, tokens: string) =>
        ({ name, type: this.type, shape: ["batch_size", KEY_HEADS, tokens, headDim] }) as const;
      this.writer.input(port(`${past}.${layer}.${kind}`, "past_sequence_length"));
      this.writer.output(port(`present.${layer}.${kind}`, "total_sequence_length"));
    }
  }

  /** Whether a layer has attention. */
  attends(layer: number): boolean {
    const mixer = this.shape.mixers?.[layer];
    return mixer === undefined || mixer === "mamba-and-attention";
  }

  /** Number of tokens. */
  get vocabulary(): number {
    return this.shape.vocabulary ?? FIXTURE.vocabulary;
  }

  /** Whether a layer looks at the cache of another one. */
  borrows(layer: number): boolean {
    return this.shape.borrowsCacheOf !== undefined && layer === (this.shape.layers ?? 3) - 1;
  }

  /** Quantizes the values of all tokens together, as ONNX Runtime's dynamic quantization writes it. */
  rounded(path: string, x: string, rows: number, columns: number, scale: number, outputs?: readonly string[]): string {
    const table = this.bytes(`${path}.MatMul`, [rows, columns], scale);
    const parts = ["codes", "scale", "zero_point"].map((name) =>
      this.shape.names === "nothing" ? this.writer.unusedName(name) : `${path}/${name}`,
    );
    const [codes = "", found = "", zero = ""] = parts;
    this.op(`${path}/DynamicQuantizeLinear`, "DynamicQuantizeLinear", [x], { outputs: parts });
    const inputs = [codes, table.values, zero, table.zeroPoints];
    const product = this.op(`${path}/MatMulInteger`, "MatMulInteger", inputs);
    const floats = this.op(`${path}/Cast`, "Cast", [product], { attributes: { to: 1 } });
    const scales = this.op(`${path}/scales/Mul`, "Mul", [found, table.scales]);
    return this.op(`${path}/Mul`, "Mul", [floats, scales], outputs ? { outputs } : { width: columns });
  }

  /** A random matrix of bytes with one scale and one zero point. */
  bytes(path: string, dims: readonly number[], scale: number): Required<EmbeddingTable> & { zeroPoints: string } {
    const codes = Uint8Array.from(this.random(dims, 60), (value) => Math.round(value + 128));
    return {
      values: this.writer.codes(dims, codes, { name: this.weightName(`${path}.weight_quantized`) }),
      scales: this.scalar(scale / 60),
      zeroPoints: this.writer.codes([], Uint8Array.of(128)),
    };
  }

  rotate(path: string, x: string, { positions, tables }: BlockContext): string {
    const attributes = { num_heads: 0, interleaved: 0 };
    return this.op(`${path}/RotaryEmbedding`, "RotaryEmbedding", [x, positions, ...tables], {
      attributes,
      domain: MICROSOFT,
    });
  }

  /** A weight's name after the operator that uses it; undefined where names tell nothing. */
  weightName(path: string): string | undefined {
    return this.shape.names === "nothing" ? undefined : path.replace(/^\//, "").replaceAll("/", ".");
  }

  /** A random matrix of codes with a scale for each block of them. */
  codes(
    path: string,
    columns: number,
    rows: number,
    bits: 4 | 8,
    scale: number,
    zeroPoints: boolean,
    flat = false,
  ): EmbeddingTable {
    const blocks = rows / FIXTURE.blockSize;
    const blockBytes = (FIXTURE.blockSize * bits) / 8;
    const bytes = (count: number) => Uint8Array.from(this.random([count], 60), (value) => Math.round(value + 128));
    const dims = flat ? [columns, blocks * blockBytes] : [columns, blocks, blockBytes];
    const name = (suffix: string) => ({ name: this.weightName(`${path}.${suffix}`) });
    const values = this.writer.codes(dims, bytes(columns * blocks * blockBytes), name("weight_Q"));
    const spread = bits === 4 ? 4.6 : 60;
    const scaleDims = flat ? [columns, blocks] : [columns * blocks];
    const scales = this.random(scaleDims, 0.2).map((value) => ((1 + value) * scale) / spread);
    const zeroBytes = Math.ceil((blocks * bits) / 8);
    const near = Uint8Array.from({ length: columns * zeroBytes }, () => (bits === 4 ? 0x88 : 128));
    const zeros = bytes(columns * zeroBytes).map(
      (value, at) => (near[at] ?? 0) ^ (bits === 4 ? value & 0x11 : value & 3),
    );
    return {
      values,
      scales: this.writer.weight(scaleDims, scales, { half: this.half, ...name("weight_scales") }),
      zeroPoints: zeroPoints
        ? this.writer.codes(flat ? [columns, zeroBytes] : [columns * zeroBytes], zeros, name("weight_zp"))
        : undefined,
    };
  }

  /** A normalization by the root of the mean square. */
  norm(x: string, path: string, width: number = HIDDEN): string {
    const weight = this.floats(`${path}.weight`, [width], 0.1, 1);
    if (this.shape.norms !== "spelled") {
      return this.op(`${path}/LayerNorm`, "SimplifiedLayerNormalization", [x, weight], {
        attributes: { axis: -1, epsilon: { float: 1e-5 }, stash_type: 1 },
        ...(width === HIDDEN ? { width } : {}),
      });
    }
    const square = this.op(`${path}/Pow`, "Pow", [x, this.scalar(2)]);
    const mean = this.op(`${path}/ReduceMean`, "ReduceMean", [square, this.integers([-1])]);
    const root = this.op(`${path}/Sqrt`, "Sqrt", [this.op(`${path}/epsilon/Add`, "Add", [mean, this.scalar(1e-5)])]);
    const normed = this.op(`${path}/Div`, "Div", [x, root]);
    return this.op(`${path}/Mul`, "Mul", [normed, weight]);
  }

  normalize({ x, branch }: Stream, path: string): { normed: string; x: string } {
    if (branch === undefined) return { normed: this.norm(x, path), x };
    if (this.shape.norms === undefined || this.shape.norms === "skip") {
      const weight = this.floats(`${path}.weight`, [HIDDEN], 0.1, 1);
      const named = this.shape.names !== "nothing";
      const base = named ? path : this.writer.unusedName("skip");
      const outputs = [`${base}/output_0`, "", "", `${base}/output_3`];
      this.op(`${path}/SkipLayerNorm`, "SkipSimplifiedLayerNormalization", [x, branch, weight], {
        attributes: { epsilon: { float: 1e-5 } },
        domain: MICROSOFT,
        outputs,
        width: HIDDEN,
      });
      const sum = `${base}/output_3`;
      if (this.shape.described) {
        this.writer.describe({ name: sum, type: this.type, shape: ["batch_size", "sequence_length", HIDDEN] });
      }
      return { normed: `${base}/output_0`, x: sum };
    }
    const added = this.shape.norms === "sandwich" ? this.norm(branch, `${path}/post`) : branch;
    const sum = this.op(`${path}/Add`, "Add", [x, added], { width: HIDDEN });
    return { normed: this.norm(sum, path), x: sum };
  }
}
