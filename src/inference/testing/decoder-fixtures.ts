/** Small random decoders in the shapes that the usual exporters write. For tests; never bundled. */
import type { BlockContext, EmbeddingTable } from "./decoder-blocks";
import { embed, embeddingTable, finish, head } from "./decoder-ends";
import { DecoderLayers } from "./decoder-layers";
import type { DecoderShape } from "./decoder-shape";
import { FIXTURE } from "./decoder-sizes";
import { type ExternalFile, OnnxWriter } from "./onnx-writer";
import { normals } from "./random-model";

/** A graph, and the files with its weights. */
export interface DecoderFiles {
  readonly model: Uint8Array;
  readonly external: readonly ExternalFile[];
}

const TOKENS = ["batch_size", "sequence_length"] as const;

/** Writes the graph and its weights. The same shape gives the same bytes. */
export function randomDecoder(shape: DecoderShape): DecoderFiles {
  const blocks = new DecoderLayers(new OnnxWriter(shape.externalFiles ?? ["model.onnx_data"]), shape);
  const ids = blocks.writer.input({ name: "input_ids", type: "int64", shape: TOKENS });
  declareInputs(blocks);
  const table = embeddingTable(blocks);
  const embedded = embed(blocks, table, ids);
  writeLayers(blocks, embedded, blocks.context(embedded, ids, layersOf(shape)), table);
  return blocks.writer.build();
}

/**
 * The same decoder in two graphs, as exporters write models that also see or hear: one makes `inputs_embeds` of the ids, and
 * `per_layer_inputs` if layers have embeddings of their own; the other takes these. Each is for another version of ONNX.
 */
export function randomDecoderApart(shape: DecoderShape): { embedder: DecoderFiles; decoder: DecoderFiles } {
  const layers = layersOf(shape);
  const random = normals(shape.seed ?? 1);
  const type = shape.dtype ?? "float32";
  const embeds = { name: "inputs_embeds", type, shape: [...TOKENS, FIXTURE.hidden] } as const;
  const rows = { name: "per_layer_inputs", type, shape: [...TOKENS, layers, FIXTURE.layerEmbedding] } as const;
  const front = new DecoderLayers(new OnnxWriter(["embed_tokens.onnx_data"]), shape, random);
  const ids = front.writer.input({ name: "input_ids", type: "int64", shape: TOKENS });
  front.op("/Identity", "Identity", [embed(front, embeddingTable(front), ids)], { outputs: [embeds.name] });
  front.writer.output(embeds);
  const own = front.layerEmbeddings(ids, layers);
  const back = new DecoderLayers(new OnnxWriter(["decoder_model_merged.onnx_data"]), shape, random);
  back.writer.input(embeds);
  if (own !== undefined) {
    const dims = front.integers([0, 0, layers, FIXTURE.layerEmbedding]);
    front.op("/Reshape", "Reshape", [own, dims], { outputs: [rows.name] });
    front.writer.output(rows);
    back.writer.input(rows);
  }
  declareInputs(back);
  const context = back.context(embeds.name, "", layers, own === undefined ? undefined : rows.name);
  writeLayers(back, embeds.name, context, { values: "" });
  return { embedder: front.writer.build({ opset: 17 }), decoder: back.writer.build() };
}

/** The same decoder without its head: it gives the hidden state of each token, as models do that make embeddings. */
export function randomHiddenStates(shape: DecoderShape): DecoderFiles {
  const blocks = new DecoderLayers(new OnnxWriter(shape.externalFiles ?? []), shape);
  const { writer } = blocks;
  const ids = writer.input({ name: "input_ids", type: "int64", shape: TOKENS });
  declareInputs(blocks);
  const embedded = embed(blocks, embeddingTable(blocks), ids);
  const last = writeBlocks(blocks, embedded, blocks.context(embedded, ids, layersOf(shape)));
  writer.node("Identity", [last], { outputs: ["last_hidden_state"] });
  writer.output({ name: "last_hidden_state", type: shape.dtype ?? "float32", shape: [...TOKENS, FIXTURE.hidden] });
  return writer.build();
}

function layersOf(shape: DecoderShape): number {
  return shape.layers ?? 3;
}

/** Declares all inputs beside the ids or their embeddings. */
function declareInputs(blocks: DecoderLayers): void {
  const { writer, shape } = blocks;
  writer.input({ name: "attention_mask", type: "int64", shape: ["batch_size", "total_sequence_length"] });
  if (shape.positionIds) {
    const rows = shape.positionIds === "three" ? [3] : [];
    writer.input({ name: "position_ids", type: "int64", shape: [...rows, ...TOKENS] });
  }
  if (shape.logits === "as-asked") writer.input({ name: "num_logits_to_keep", type: "int64", shape: [] });
  if (shape.flaw === "unknown-input") writer.input({ name: "pixel_values", type: "float32", shape: ["batch_size", 3] });
  for (let layer = 0; layer < layersOf(shape); layer++) blocks.declareState(layer);
}

function writeLayers(blocks: DecoderLayers, embedded: string, context: BlockContext, table: EmbeddingTable): void {
  const { writer, shape } = blocks;
  head(blocks, writeBlocks(blocks, embedded, context), table);
  const kept = shape.logits === "last" ? 1 : shape.logits ? "kept" : "sequence_length";
  writer.output({ name: "logits", type: shape.dtype ?? "float32", shape: ["batch_size", kept, blocks.vocabulary] });
}

/** Writes all layers and the last norm, whose result it gives. */
function writeBlocks(blocks: DecoderLayers, embedded: string, context: BlockContext): string {
  const { shape } = blocks;
  let stream = blocks.start(embedded, context);
  for (let layer = 0; layer < layersOf(shape); layer++) stream = blocks.layer(stream, layer, context);
  return finish(blocks, stream, layersOf(shape));
}
