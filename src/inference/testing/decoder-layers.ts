/** Layers of random decoders. For tests; never bundled. */
import { sharedMask } from "./decoder-attention";
import { type BlockContext, DecoderBlocks, type Stream } from "./decoder-blocks";
import { attention, convolution, feedForward } from "./decoder-mixers";
import { FIXTURE } from "./decoder-sizes";

const { hidden: HIDDEN } = FIXTURE;

/** Writes whole layers out of blocks. */
export class DecoderLayers extends DecoderBlocks {
  /** The values that all layers share. They follow from the inputs alone. */
  context(embedded: string, ids: string, layers: number): BlockContext {
    const path = "/model/attn_mask_reformat";
    const sum = this.op(`${path}/ReduceSum`, "ReduceSum", ["attention_mask", this.integers([1])], {
      attributes: { keepdims: 0 },
    });
    const last = this.op(`${path}/Sub`, "Sub", [sum, this.integers([1])]);
    const shape = this.op(`${path}/Shape`, "Shape", ["attention_mask"]);
    const total = this.op(`${path}/Gather`, "Gather", [shape, this.integers([1], { scalar: true })]);
    const lengths = [
      this.op(`${path}/Sub/Cast`, "Cast", [last], { attributes: { to: 6 } }),
      this.op(`${path}/Gather/Cast`, "Cast", [total], { attributes: { to: 6 } }),
    ];
    const shared = sharedMask(this, embedded, this.half);
    const positions = this.shape.positionIds ? "position_ids" : shared.positions;
    const widths = [FIXTURE.vocabulary, FIXTURE.layerEmbedding * layers];
    const layerEmbeddings = this.shape.layerEmbeddings
      ? this.op("/model/layer_embeddings", "Gather", [this.floats("model.layer_embeddings", widths, 1), ids])
      : undefined;
    return { ids, lengths, positions, tables: this.tables(total), mask: shared.mask, layerEmbeddings };
  }

  /** The hidden state that enters the first layer. */
  start(embedded: string, { positions }: BlockContext): Stream {
    if (this.shape.positions !== "learned") return { x: embedded };
    const table = this.floats("model.wpe.weight", [FIXTURE.maxTokens, HIDDEN], 0.5);
    const looked = this.op("/model/wpe/Gather", "Gather", [table, positions], { width: HIDDEN });
    return { x: this.op("/model/wpe/Add", "Add", [embedded, looked], { width: HIDDEN }) };
  }

  layer(stream: Stream, layer: number, context: BlockContext): Stream {
    const path = this.path(layer);
    const before = this.normalize(stream, `${path}/input_layernorm`);
    const mixed = this.shape.convolutions?.includes(layer)
      ? convolution(this, before.normed, layer)
      : attention(this, before.normed, layer, context);
    if (this.shape.norms === "parallel") {
      const fed = feedForward(this, before.normed, layer);
      const both = this.op(`${path}/Add`, "Add", [mixed, fed], { width: HIDDEN });
      return { x: this.op(`${path}/residual/Add`, "Add", [before.x, both], { width: HIDDEN }) };
    }
    const after = this.normalize({ x: before.x, branch: mixed }, `${path}/post_attention_layernorm`);
    return { x: after.x, branch: this.#withLayerEmbedding(feedForward(this, after.normed, layer), layer, context) };
  }

  #withLayerEmbedding(x: string, layer: number, { ids, layerEmbeddings }: BlockContext): string {
    if (this.shape.flaw?.startsWith("ids-") && layer === 1) {
      const path = `${this.path(layer)}/ids/Cast`;
      const column =
        this.shape.flaw === "ids-inside"
          ? this.op(path, "CastLike", [ids, x])
          : this.op(path, "Cast", [ids], { attributes: { to: 1 } });
      const deep = this.op(`${this.path(layer)}/ids/Unsqueeze`, "Unsqueeze", [column, this.integers([2])]);
      return this.op(`${this.path(layer)}/ids/Add`, "Add", [x, deep], { width: HIDDEN });
    }
    if (layerEmbeddings === undefined) return x;
    const path = `${this.path(layer)}/own`;
    const start = FIXTURE.layerEmbedding * layer;
    const bounds = [start, start + FIXTURE.layerEmbedding, 2].map((value) => this.integers([value]));
    const own = this.op(`${path}/Slice`, "Slice", [layerEmbeddings, ...bounds]);
    const wide = this.product(`${path}/proj`, own, FIXTURE.layerEmbedding, HIDDEN);
    return this.op(`${path}/Add`, "Add", [x, wide], { width: HIDDEN });
  }
}
