/**
 * Writes the guide model as a GGUF file, from its ONNX files. Its architecture is llama.cpp's `llama`; only the order of rows
 * differs where queries and keys are rotated.
 */
import { readFileSync } from "node:fs";
import { type TypedValue, value, writeGguf } from "../../src/gguf/testing/writer";
import { FORMAT } from "../../src/gguf";
import { readGraph } from "../../src/onnx";
import { halvesOrder } from "../real-models/llama-graph";
import { ROOT } from "../run/spawn.mjs";

/**
 * How matrices are written: `f32` has the very numbers of the ONNX file (22 MB). `q4_0` has the same codes, but llama.cpp keeps the
 * scales of blocks as 16-bit floats (5 MB).
 */
export type GuideFormat = "f32" | "q4_0";

interface Config {
  readonly head_dim: number;
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly max_position_embeddings: number;
  readonly num_attention_heads: number;
  readonly num_hidden_layers: number;
  readonly num_key_value_heads: number;
  readonly rms_norm_eps: number;
  readonly rope_theta: number;
  readonly bos_token_id: number;
  readonly eos_token_id: number;
  readonly pad_token_id: number;
  readonly vocab_size: number;
}
/** A weight of the ONNX model. */
interface Weight {
  readonly dims: readonly number[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A tensor of the GGUF file. */
type Written = NonNullable<Parameters<typeof writeGguf>[1]>[number];

interface TokenizerFile {
  readonly added_tokens: readonly { readonly id: number }[];
  readonly model: { readonly vocab: Readonly<Record<string, number>>; readonly merges: readonly string[] };
}

const FOLDER = `${ROOT}/public/models/guide`;
/** Numbers that share a scale, in both formats. */
const BLOCK = 32;
/** Numbers of `general.file_type` and of the formats of matrices. */
const FILE_TYPES: Readonly<Record<GuideFormat, number>> = { f32: 0, q4_0: 2 };
/** Kinds of tokens. */
const [NORMAL, CONTROL] = [1, 3];

const json = (file: string): unknown => JSON.parse(readFileSync(`${FOLDER}/${file}`, "utf8"));

/** The file. */
export function guideGguf(format: GuideFormat): Uint8Array<ArrayBuffer> {
  const config = json("config.json") as Config;
  const weights = readWeights();
  const order = halvesOrder(config.head_dim);
  const floats = (name: string, theirs: string, ...dims: number[]): Written => ({
    ...{ name: `${name}.weight`, dims, format: FORMAT.float32, bytes: weights.get(`${theirs}.weight`)!.bytes },
  });
  const norm = (name: string, theirs: string): Written => floats(name, theirs, config.hidden_size);
  const matrix = (name: string, theirs: string, rows?: (row: number) => number): Written => {
    const [codes, scales] = [
      weights.get(`${theirs}.MatMul.weight_Q4`)!,
      weights.get(`${theirs}.MatMul.weight_scales`)!,
    ];
    return { name: `${name}.weight`, ...writtenMatrix({ codes, scales }, format, rows) };
  };
  const layers = Array.from({ length: config.num_hidden_layers }, (_, layer) => {
    const [ours, theirs] = [`blk.${layer}`, `model.layers.${layer}`];
    return [
      norm(`${ours}.attn_norm`, `${theirs}.input_layernorm`),
      matrix(`${ours}.attn_q`, `${theirs}.attn.q_proj`, order),
      matrix(`${ours}.attn_k`, `${theirs}.attn.k_proj`, order),
      matrix(`${ours}.attn_v`, `${theirs}.attn.v_proj`),
      matrix(`${ours}.attn_output`, `${theirs}.attn.o_proj`),
      norm(`${ours}.ffn_norm`, `${theirs}.post_attention_layernorm`),
      matrix(`${ours}.ffn_gate`, `${theirs}.mlp.gate_proj`),
      matrix(`${ours}.ffn_up`, `${theirs}.mlp.up_proj`),
      matrix(`${ours}.ffn_down`, `${theirs}.mlp.down_proj`),
    ];
  });
  return writeGguf(metadata(config, format), [
    floats("token_embd", "model.embed_tokens", config.hidden_size, config.vocab_size),
    ...layers.flat(),
    norm("output_norm", `model.layers.${config.num_hidden_layers}.final_norm_layernorm`),
    matrix("output", "lm_head"),
  ]);
}

/** The weights of the ONNX model, by their names. */
function readWeights(): ReadonlyMap<string, Weight> {
  const data = new Uint8Array(readFileSync(`${FOLDER}/onnx/model_q4.onnx_data`));
  const { initializers } = readGraph(new Uint8Array(readFileSync(`${FOLDER}/onnx/model_q4.onnx`)));
  return new Map(
    initializers.map(({ name, dims, external }): [string, Weight] => {
      const { offset = 0, length = 0 } = external ?? {};
      return [name, { dims, bytes: data.slice(offset, offset + length) }];
    }),
  );
}

/**
 * A matrix of `MatMulNBits`, whose codes have the dimensions `[rows, blocks, bytes]` with the first of two in the lower half of a
 * byte. Its row `row` becomes row `order(row)`.
 */
function writtenMatrix(
  { codes, scales }: { codes: Weight; scales: Weight },
  format: GuideFormat,
  order = (row: number): number => row,
): Pick<Written, "dims" | "format" | "bytes"> {
  const [rows = 0, blocks = 0] = codes.dims;
  const factors = new Float32Array(scales.bytes.buffer);
  const codeAt = (block: number, index: number): number =>
    (codes.bytes[(block * BLOCK + index) >> 1]! >> (4 * (index % 2))) & 15;
  const blockBytes = format === "f32" ? 4 * BLOCK : 2 + BLOCK / 2;
  const view = new DataView(new ArrayBuffer(rows * blocks * blockBytes));
  for (let row = 0; row < rows; row++) {
    for (let block = 0; block < blocks; block++) {
      const from = row * blocks + block;
      const to = (order(row) * blocks + block) * blockBytes;
      const scale = factors[from]!;
      if (format === "f32") {
        for (let index = 0; index < BLOCK; index++) {
          view.setFloat32(to + 4 * index, (codeAt(from, index) - 8) * scale, true);
        }
      } else {
        view.setUint16(to, toHalf(scale), true);
        // The second half of a block is in the upper halves of its bytes.
        for (let index = 0; index < BLOCK / 2; index++) {
          view.setUint8(to + 2 + index, codeAt(from, index) | (codeAt(from, index + BLOCK / 2) << 4));
        }
      }
    }
  }
  const bytes = new Uint8Array(view.buffer);
  return { dims: [blocks * BLOCK, rows], format: format === "f32" ? FORMAT.float32 : FORMAT.q4_0, bytes };
}

function metadata(config: Config, format: GuideFormat): Readonly<Record<string, TypedValue>> {
  const { model, added_tokens: added } = json("tokenizer.json") as TokenizerFile;
  const settings = json("tokenizer_config.json") as { readonly chat_template: string };
  const tokens = Object.keys(model.vocab).sort((one, other) => model.vocab[one]! - model.vocab[other]!);
  const control = new Set(added.map(({ id }) => id));
  const texts = (items: readonly string[]): TypedValue => value.list(items.map(value.text));
  return {
    "general.architecture": value.text("llama"),
    "general.type": value.text("model"),
    "general.name": value.text("Guide"),
    "general.license": value.text("apache-2.0"),
    "general.file_type": value.uint32(FILE_TYPES[format]),
    "general.quantization_version": value.uint32(2),
    "llama.vocab_size": value.uint32(config.vocab_size),
    "llama.context_length": value.uint32(config.max_position_embeddings),
    "llama.embedding_length": value.uint32(config.hidden_size),
    "llama.block_count": value.uint32(config.num_hidden_layers),
    "llama.feed_forward_length": value.uint32(config.intermediate_size),
    "llama.rope.dimension_count": value.uint32(config.head_dim),
    "llama.rope.freq_base": value.float32(config.rope_theta),
    "llama.attention.head_count": value.uint32(config.num_attention_heads),
    "llama.attention.head_count_kv": value.uint32(config.num_key_value_heads),
    "llama.attention.layer_norm_rms_epsilon": value.float32(config.rms_norm_eps),
    "tokenizer.ggml.model": value.text("gpt2"),
    "tokenizer.ggml.pre": value.text("gpt-2"),
    "tokenizer.ggml.tokens": texts(tokens),
    "tokenizer.ggml.token_type": value.list(tokens.map((_, id) => value.int32(control.has(id) ? CONTROL : NORMAL))),
    "tokenizer.ggml.merges": texts(model.merges),
    "tokenizer.ggml.bos_token_id": value.uint32(config.bos_token_id),
    "tokenizer.ggml.eos_token_id": value.uint32(config.eos_token_id),
    "tokenizer.ggml.padding_token_id": value.uint32(config.pad_token_id),
    "tokenizer.ggml.unknown_token_id": value.uint32(config.pad_token_id),
    "tokenizer.ggml.add_bos_token": value.bool(false),
    "tokenizer.chat_template": value.text(settings.chat_template),
  };
}

/** The nearest number of 16 bits, for numbers in its range. */
function toHalf(number: number): number {
  const size = Math.abs(number);
  const exponent = Math.max(size === 0 ? -Infinity : Math.floor(Math.log2(size)), -14);
  return (number < 0 ? 0x8000 : 0) | (((exponent + 14) << 10) + Math.round(size / 2 ** (exponent - 10)));
}
