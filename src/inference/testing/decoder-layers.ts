/** Layers of random decoders. For tests; never bundled. */
import { sharedMask } from "./decoder-attention";
import { type BlockContext, DecoderBlocks, type Stream } from "./decoder-blocks";
import { attention, feedForward } from "./decoder-mixers";
import { rotaryTables } from "./decoder-tables";
import { deltaRule, mamba, shortConvolution } from "./decoder-states";
import { FIXTURE } from "./decoder-sizes";

const { hidden: HIDDEN } = FIXTURE;

/** Writes whole layers out of blocks. */
export class DecoderLayers extends DecoderBlocks {
  /** The values that all layers share. They follow from the inputs alone. */
  context(embedded: string, ids: string, layers: number, rows?: string): BlockContext {
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
    const positions = this.shape.positionIds ? this.#positionIds() : shared.positions;
    const name = rows ?? this.layerEmbeddings(ids, layers);
    const layerEmbeddings = name === undefined ? undefined : { name, rows: rows !== undefined };
    return { ids, lengths, positions, tables: rotaryTables(this, total), mask: shared.mask, layerEmbeddings };
  }

  /** The second embedding in one row; undefined if the shape has none. */
  layerEmbeddings(ids: string, layers: number): string | undefined {
    if (!this.shape.layerEmbeddings) return undefined;
    const table = this.floats("model.layer_embeddings", [this.vocabulary, FIXTURE.layerEmbedding * layers], 1);
    return this.op("/model/layer_embeddings", "Gather", [table, ids]);
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
    const mixed = this.#mix(before.normed, layer, context);
    if (this.shape.norms === "parallel") {
      const fed = feedForward(this, before.normed, layer);
      const both = this.op(`${path}/Add`, "Add", [mixed, fed], { width: HIDDEN });
      return { x: this.op(`${path}/residual/Add`, "Add", [before.x, both], { width: HIDDEN }) };
    }
    const after = this.normalize({ x: before.x, branch: mixed }, `${path}/post_attention_layernorm`);
    return { x: after.x, branch: this.#withLayerEmbedding(feedForward(this, after.normed, layer), layer, context) };
  }

  /** The positions of the text: where there are three rows, all are alike. */
  #positionIds(): string {
    if (this.shape.positionIds !== "three") return "position_ids";
    return this.op("/model/position_ids/Gather", "Gather", ["position_ids", this.integers([0], { scalar: true })]);
  }

  /** Attention, or what a layer has in place of it or beside it. */
  #mix(normed: string, layer: number, context: BlockContext): string {
    switch (this.shape.mixers?.[layer]) {
      case "convolution":
        return shortConvolution(this, normed, layer);
      case "delta":
        return deltaRule(this, normed, layer);
      case "mamba":
        return mamba(this, normed, layer);
      case "mamba-and-attention": {
        const both = [mamba(this, normed, layer), attention(this, normed, layer, context)];
        return this.op(`${this.path(layer)}/mixers/Add`, "Add", both, { width: HIDDEN });
      }
      default:
        return attention(this, normed, layer, context);
    }
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
    const own = layerEmbeddings.rows
      ? this.op(`${path}/Gather`, "Gather", [layerEmbeddings.name, this.integers([layer], { scalar: true })], {
          attributes: { axis: 2 },
        })
      : this.op(`${path}/Slice`, "Slice", [layerEmbeddings.name, ...bounds]);
    const wide = this.product(`${path}/proj`, own, FIXTURE.layerEmbedding, HIDDEN);
    return this.op(`${path}/Add`, "Add", [x, wide], { width: HIDDEN });
  }
}
