/** Small random decoders in the shapes that the usual exporters write. For tests; never bundled. */
import type { BlockContext } from "./decoder-blocks";
import { DecoderLayers } from "./decoder-layers";
import type { DecoderShape } from "./decoder-shape";
import { type ExternalFile, OnnxWriter } from "./onnx-writer";

/** Writes the graph and its weights. The same shape gives the same bytes. */
export function randomDecoder(shape: DecoderShape): { model: Uint8Array; external: readonly ExternalFile[] } {
  const writer = new OnnxWriter(shape.externalFiles ?? ["model.onnx_data"]);
  const blocks = new DecoderLayers(writer, shape);
  const layers = shape.layers ?? 3;
  const ids = writer.input({ name: "input_ids", type: "int64", shape: ["batch_size", "sequence_length"] });
  writer.input({ name: "attention_mask", type: "int64", shape: ["batch_size", "total_sequence_length"] });
  if (shape.positionIds) {
    const rows = shape.positionIds === "three" ? [3] : [];
    writer.input({ name: "position_ids", type: "int64", shape: [...rows, "batch_size", "sequence_length"] });
  }
  if (shape.logits === "as-asked") writer.input({ name: "num_logits_to_keep", type: "int64", shape: [] });
  if (shape.flaw === "unknown-input") writer.input({ name: "pixel_values", type: "float32", shape: ["batch_size", 3] });
  for (let layer = 0; layer < layers; layer++) blocks.declareState(layer);

  const table = blocks.embeddingTable();
  const embedded = blocks.embed(table, ids);
  const context: BlockContext = blocks.context(embedded, ids, layers);
  let stream = blocks.start(embedded, context);
  for (let layer = 0; layer < layers; layer++) stream = blocks.layer(stream, layer, context);
  const hidden = blocks.finish(stream, layers);
  blocks.head(hidden, table);
  const kept = shape.logits === "last" ? 1 : shape.logits ? "kept" : "sequence_length";
  const type = shape.dtype ?? "float32";
  writer.output({ name: "logits", type, shape: ["batch_size", kept, blocks.vocabulary] });
  return writer.build();
}
