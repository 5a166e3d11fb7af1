/** The two ends of random decoders: embedding, final norm and head. For tests; never bundled. */
import type { DecoderBlocks, EmbeddingTable, Stream } from "./decoder-blocks";
import { FIXTURE, MICROSOFT } from "./decoder-sizes";

const { hidden: HIDDEN } = FIXTURE;

/** A random table of embeddings, in the form that the shape names. */
export function embeddingTable(blocks: DecoderBlocks): EmbeddingTable {
  const dims = [blocks.vocabulary, HIDDEN];
  if (blocks.shape.tied === "bytes") return blocks.bytes("model.embed_tokens", dims, 1);
  if (blocks.shape.tied !== "codes") return { values: blocks.floats("model.embed_tokens.weight", dims, 1) };
  return blocks.codes("model.embed_tokens", blocks.vocabulary, HIDDEN, 4, 0.3, true, true);
}

/** Looks up tokens in the table. */
export function embed(blocks: DecoderBlocks, { values, scales, zeroPoints }: EmbeddingTable, ids: string): string {
  const path = "/model/embed_tokens";
  const width = HIDDEN;
  if (!scales) return blocks.op(`${path}/Gather`, "Gather", [values, ids], { width });
  if (blocks.shape.tied === "bytes") {
    const rows = blocks.op(`${path}/Gather`, "Gather", [values, ids]);
    return blocks.op(`${path}/DequantizeLinear`, "DequantizeLinear", [rows, scales, zeroPoints ?? ""], { width });
  }
  const attributes = { gather_axis: 0, quantize_axis: 1, block_size: FIXTURE.blockSize, bits: 4 };
  return blocks.op(`${path}/GatherBlockQuantized`, "GatherBlockQuantized", [values, ids, scales, zeroPoints ?? ""], {
    attributes,
    domain: MICROSOFT,
    width,
  });
}

/** The final norm, named after a layer that does not exist, as the usual exporter does. */
export function finish(blocks: DecoderBlocks, stream: Stream, layers: number): string {
  const { normed } = blocks.normalize(stream, `${blocks.path(layers)}/final_norm_layernorm`);
  if (!blocks.shape.logits) return normed;
  const keep =
    blocks.shape.logits === "last"
      ? blocks.integers([1])
      : blocks.op("/lm_head/Unsqueeze", "Unsqueeze", ["num_logits_to_keep", blocks.integers([0])]);
  const start = blocks.op("/lm_head/Neg", "Neg", [keep]);
  const end = blocks.integers([FIXTURE.maxTokens * 8]);
  return blocks.op("/lm_head/Slice", "Slice", [normed, start, end, blocks.integers([1])]);
}

/** Makes logits of the last hidden state. */
export function head(blocks: DecoderBlocks, hidden: string, table: EmbeddingTable): void {
  const outputs = ["logits"];
  if (blocks.shape.tied === "floats") {
    const matrix = blocks.op("/lm_head/Transpose", "Transpose", [table.values], { attributes: { perm: [1, 0] } });
    blocks.op("/lm_head/MatMul", "MatMul", [hidden, matrix], { outputs });
  } else if (blocks.shape.tied === "bytes") {
    const codes = blocks.op("/lm_head/Transpose", "Transpose", [table.values], { attributes: { perm: [1, 0] } });
    const parts = [codes, table.scales ?? "", table.zeroPoints ?? ""];
    const matrix = blocks.op("/lm_head/DequantizeLinear", "DequantizeLinear", parts);
    blocks.op("/lm_head/MatMul", "MatMul", [hidden, matrix], { outputs });
  } else if (table.scales) {
    const perRow = HIDDEN / FIXTURE.blockSize;
    const dims = blocks.integers([blocks.vocabulary, perRow, FIXTURE.blockSize / 2]);
    const codes = blocks.op("/lm_head/Reshape", "Reshape", [table.values, dims]);
    const attributes = { K: HIDDEN, N: blocks.vocabulary, bits: 4, block_size: FIXTURE.blockSize };
    const inputs = [hidden, codes, table.scales, table.zeroPoints ?? ""];
    blocks.op("/lm_head/MatMulNBits", "MatMulNBits", inputs, { attributes, domain: MICROSOFT, outputs });
  } else if (blocks.shape.head === "int8") blocks.rounded("/lm_head", hidden, HIDDEN, blocks.vocabulary, 0.3, outputs);
  else {
    const matrix = blocks.floats("lm_head.MatMul.weight", [HIDDEN, blocks.vocabulary], 0.3);
    if (blocks.shape.head === "flat") flatHead(blocks, hidden, matrix);
    else if (blocks.shape.head === undefined) blocks.op("/lm_head/MatMul", "MatMul", [hidden, matrix], { outputs });
    else {
      const product = blocks.op("/lm_head/MatMul", "MatMul", [hidden, matrix]);
      const scaled = blocks.op("/lm_head/Div", "Div", [product, blocks.scalar(3)]);
      const capped = blocks.op("/lm_head/Tanh", "Tanh", [scaled]);
      blocks.op("/lm_head/Mul", "Mul", [capped, blocks.scalar(3)], { outputs });
      if (blocks.shape.head === "seen-twice") blocks.op("/lm_head/Shape", "Shape", [capped]);
    }
  }
}

/** One product for the tokens of all texts, which are counted in the hidden state. */
function flatHead(blocks: DecoderBlocks, hidden: string, matrix: string): void {
  const rows = blocks.op("/lm_head/flat/Reshape", "Reshape", [hidden, blocks.integers([-1, HIDDEN])]);
  const bias = blocks.floats("lm_head.bias", [blocks.vocabulary], 0.1);
  const product = blocks.op("/lm_head/Gemm", "Gemm", [rows, matrix, bias]);
  const sizes = blocks.op("/lm_head/Shape", "Shape", [hidden]);
  const counts = blocks.op("/lm_head/Slice", "Slice", [sizes, blocks.integers([0]), blocks.integers([2])]);
  const shape = blocks.op("/lm_head/Concat", "Concat", [counts, blocks.integers([blocks.vocabulary])], {
    attributes: { axis: 0 },
  });
  blocks.op("/lm_head/Reshape", "Reshape", [product, shape], { outputs: ["logits"] });
}
