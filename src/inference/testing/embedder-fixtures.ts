/** Small random models that make embeddings, in the shapes that the usual exporters write. For tests; never bundled. */
import type { ModelPackage, PackageFile } from "../types";
import { randomHiddenStates } from "./decoder-fixtures";
import type { DecoderShape } from "./decoder-shape";
import { FIXTURE } from "./decoder-sizes";
import { OnnxWriter } from "./onnx-writer";
import { normals } from "./random-model";

const [HIDDEN, HEADS, FEED_FORWARD, LAYERS, POSITIONS] = [32, 4, 48, 2, 64];
const WORDS = ["hello", "world", "the", "cat", "sat", "on", "mat", "a", "model", "##s", "##ing", "##ed", "猫"];
const SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789".split("");
const TOKENS = [
  ...new Set([...SPECIALS, ...LETTERS, ...LETTERS.map((letter) => `##${letter}`), ...".,!?'-".split(""), ...WORDS]),
];

/** `tokenizer.json` of a small WordPiece vocabulary, as BERT's repositories have it. */
export const WORDPIECE = JSON.stringify({
  version: "1.0",
  truncation: { max_length: 8, strategy: "LongestFirst", stride: 0 },
  padding: {
    strategy: { Fixed: 8 },
    direction: "Right",
    pad_to_multiple_of: null,
    pad_id: 0,
    pad_type_id: 0,
    pad_token: "[PAD]",
  },
  added_tokens: SPECIALS.map((content, id) => ({
    ...{ id, content, special: true, single_word: false, lstrip: false, rstrip: false, normalized: false },
  })),
  normalizer: {
    type: "BertNormalizer",
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: true,
  },
  pre_tokenizer: { type: "BertPreTokenizer" },
  post_processor: {
    type: "TemplateProcessing",
    single: ["[CLS]", "A", "[SEP]"].map(templatePart),
    pair: ["[CLS]", "A", "[SEP]", "B", "[SEP]"].map(templatePart),
    special_tokens: Object.fromEntries(
      ["[CLS]", "[SEP]"].map((id) => [id, { id, ids: [SPECIALS.indexOf(id)], tokens: [id] }]),
    ),
  },
  decoder: { type: "WordPiece", prefix: "##", cleanup: true },
  model: {
    ...{ type: "WordPiece", unk_token: "[UNK]", continuing_subword_prefix: "##", max_input_chars_per_word: 100 },
    vocab: Object.fromEntries(TOKENS.map((token, id) => [token, id])),
  },
});

function templatePart(id: string): object {
  return id.startsWith("[") ? { SpecialToken: { id, type_id: 0 } } : { Sequence: { id, type_id: 0 } };
}

/** An encoder like BERT. */
interface EncoderShape {
  readonly tokenTypes?: boolean;
  /** Gives one vector per text, as exports of whole pipelines do, beside the hidden states. */
  readonly pooled?: boolean;
  /** Rounds its states by the largest number of the whole batch, as graphs do that quantize their activations. */
  readonly rounded?: boolean;
}

/** Writes an encoder like BERT with its weights. The same shape gives the same bytes. */
export function randomEncoder({ tokenTypes = true, pooled = false, rounded = false }: EncoderShape = {}): Uint8Array {
  const writer = new OnnxWriter();
  const random = normals(7);
  /** The words decide most, so that different texts have different vectors. */
  const weight = (name: string, dims: readonly number[], scale: number, mean = 0): string => {
    const values = random(dims, scale).map((value) => value + mean);
    return writer.weight(dims, values, { name });
  };
  const scalar = (value: number): string => writer.weight([1], Float32Array.of(value));
  const port = (name: string) => ({ name, type: "int64", shape: ["batch_size", "sequence_length"] }) as const;
  const ids = writer.input(port("input_ids"));
  const mask = writer.input(port("attention_mask"));
  const types = tokenTypes ? writer.input(port("token_type_ids")) : undefined;
  const gather = (name: string, rows: number, scale: number, at: string): string =>
    writer.node("Gather", [weight(name, [rows, HIDDEN], scale), at], { attributes: { axis: 0 } });
  const norm = (name: string, x: string): string => {
    const inputs = [x, weight(`${name}.weight`, [HIDDEN], 0.2, 1), weight(`${name}.bias`, [HIDDEN], 0.1)];
    return writer.node("LayerNormalization", inputs, { attributes: { axis: -1, epsilon: { float: 1e-12 } } });
  };
  const dense = (name: string, x: string, from: number, to: number): string => {
    const product = writer.node("MatMul", [x, weight(`${name}.weight`, [from, to], 1 / Math.sqrt(from))]);
    return writer.node("Add", [product, weight(`${name}.bias`, [to], 0.1)]);
  };

  const length = writer.node("Gather", [writer.node("Shape", [ids]), writer.integers([1], { scalar: true })]);
  const [zero, one] = [0, 1].map((value) => writer.integers([value], { scalar: true })) as [string, string];
  let x = writer.node("Add", [
    gather("embeddings.word", TOKENS.length, 1, ids),
    gather("embeddings.position", POSITIONS, 0.3, writer.node("Range", [zero, length, one])),
  ]);
  if (types) x = writer.node("Add", [x, gather("embeddings.type", 2, 0.3, types)]);
  x = norm("embeddings.norm", x);
  if (rounded) {
    const largest = writer.node("ReduceMax", [writer.node("Abs", [x])], { attributes: { keepdims: 0 } });
    x = writer.node("Round", [writer.node("Mul", [writer.node("Div", [x, largest]), scalar(4)])]);
  }
  const floatMask = writer.node("Cast", [mask], { attributes: { to: 1 } });
  const hidden = writer.node("Mul", [writer.node("Sub", [scalar(1), floatMask]), scalar(-1e9)]);
  const bias = writer.node("Unsqueeze", [hidden, writer.integers([1, 2])]);
  const split = (value: string): string =>
    writer.node("Transpose", [writer.node("Reshape", [value, writer.integers([0, 0, HEADS, HIDDEN / HEADS])])], {
      attributes: { perm: [0, 2, 1, 3] },
    });
  for (let layer = 0; layer < LAYERS; layer++) {
    const name = (part: string): string => `layer.${layer}.${part}`;
    const [q, k, v] = ["query", "key", "value"].map((part) => split(dense(name(part), x, HIDDEN, HIDDEN))) as [
      string,
      string,
      string,
    ];
    const keys = writer.node("Transpose", [k], { attributes: { perm: [0, 1, 3, 2] } });
    const products = writer.node("MatMul", [writer.node("Mul", [q, scalar(1 / Math.sqrt(HIDDEN / HEADS))]), keys]);
    const weights = writer.node("Softmax", [writer.node("Add", [products, bias])], { attributes: { axis: -1 } });
    const mixed = writer.node("Transpose", [writer.node("MatMul", [weights, v])], {
      attributes: { perm: [0, 2, 1, 3] },
    });
    const attended = writer.node("Reshape", [mixed, writer.integers([0, 0, HIDDEN])]);
    x = norm(name("norm_1"), writer.node("Add", [x, dense(name("output"), attended, HIDDEN, HIDDEN)]));
    const up = dense(name("up"), x, HIDDEN, FEED_FORWARD);
    const erf = writer.node("Add", [writer.node("Erf", [writer.node("Mul", [up, scalar(Math.SQRT1_2)])]), scalar(1)]);
    const gelu = writer.node("Mul", [writer.node("Mul", [up, erf]), scalar(0.5)]);
    x = norm(name("norm_2"), writer.node("Add", [x, dense(name("down"), gelu, FEED_FORWARD, HIDDEN)]));
  }
  writer.node("Identity", [x], { outputs: ["last_hidden_state"] });
  writer.output({ name: "last_hidden_state", type: "float32", shape: ["batch_size", "sequence_length", HIDDEN] });
  if (pooled) writePooling(writer, x, floatMask);
  return writer.build().model;
}

/** The mean of the tokens, brought to length 1. */
function writePooling(writer: OnnxWriter, x: string, floatMask: string): void {
  const wide = writer.node("Unsqueeze", [floatMask, writer.integers([2])]);
  const reduce = (value: string): string =>
    writer.node("ReduceSum", [value, writer.integers([1])], { attributes: { keepdims: 0 } });
  const mean = writer.node("Div", [reduce(writer.node("Mul", [x, wide])), reduce(wide)]);
  writer.node("LpNormalization", [mean], { attributes: { axis: -1, p: 2 }, outputs: ["sentence_embedding"] });
  writer.output({ name: "sentence_embedding", type: "float32", shape: ["batch_size", HIDDEN] });
}

/** A decoder that ends with hidden states, as Qwen3-Embedding does. */
export function randomEmbeddingDecoder(shape: DecoderShape): Uint8Array {
  return randomHiddenStates({ ...shape, vocabulary: TOKENS.length, externalFiles: [] }).model;
}

/** Files beside a graph that are not as `embedderPackage` writes them; undefined leaves one out. */
export type OtherFiles = Readonly<Record<string, object | undefined>>;

/** A graph as a package, with the small tokenizer, mean pooling and a normalization, or with `others` in their place. */
export function embedderPackage(model: Uint8Array, others: OtherFiles = {}): Extract<ModelPackage, { engine: "onnx" }> {
  const kinds = ["Transformer", "Pooling", "Normalize"];
  const settings: OtherFiles = {
    "config.json": { model_type: "bert", max_position_embeddings: FIXTURE.hidden, untrained: true },
    "tokenizer_config.json": { pad_token: "[PAD]", unk_token: "[UNK]", model_max_length: 512 },
    "sentence_bert_config.json": { max_seq_length: 48, do_lower_case: false },
    "modules.json": kinds.map((kind, idx) => ({
      ...{ idx, name: String(idx), path: kind === "Pooling" ? "1_Pooling" : "" },
      type: `sentence_transformers.models.${kind}`,
    })),
    "1_Pooling/config.json": { pooling_mode_cls_token: false, pooling_mode_mean_tokens: true },
    ...others,
  };
  const file = (path: string, content: string | Uint8Array): PackageFile => ({
    path,
    blob: new Blob([content as BlobPart]),
  });
  return {
    ...{ engine: "onnx", id: "test/encoder", name: "Encoder", packageHash: "encoder", graph: "onnx/model.onnx" },
    files: [
      ...Object.entries(settings).flatMap(([path, content]) => (content ? [file(path, JSON.stringify(content))] : [])),
      file("tokenizer.json", WORDPIECE),
      file("onnx/model.onnx", model),
    ],
  };
}
