/** Writes a Gemma 3 model as an ONNX graph. */
import { DecoderGraph, decoderSizes, type WriteGraph } from "./decoder-graph";
import type { DecoderSizes } from "./decoder-wiring";
import { type Gguf, numberOf } from "./gguf";

/** Every sixth layer sees all tokens; the others see a window. */
const WINDOW_PATTERN = 6;
/** Base of the rotation in layers with a window, which GGUF files do not state. */
const WINDOW_ROPE_BASE = 10_000;

/** Sizes of a Gemma model. */
interface GemmaSizes extends DecoderSizes {
  /** Tokens that most layers see. */
  readonly window: number;
}

export function gemmaSizes(gguf: Gguf): GemmaSizes {
  return {
    ...decoderSizes(gguf, "gemma3"),
    headDim: numberOf(gguf, "gemma3.attention.key_length"),
    vocabulary: gguf.tensors.get("token_embd.weight")?.dims[1] ?? 0,
    window: numberOf(gguf, "gemma3.attention.sliding_window"),
  };
}

export const gemmaGraph: WriteGraph = (gguf, precision, externalFile) => {
  const sizes = gemmaSizes(gguf);
  const graph = new DecoderGraph(gguf, sizes, precision, externalFile);
  graph.inputs();
  const near = graph.rotaryTables(WINDOW_ROPE_BASE, "cos_cache_local", "sin_cache_local");
  const far = graph.rotaryTables(sizes.ropeBase, "cos_cache_global", "sin_cache_global");
  const { embedded, head } = graph.table();
  const scale = graph.number(Math.sqrt(sizes.hidden));
  let [sum, branch] = [graph.op("/model/embed_tokens/Mul", "Mul", [embedded, scale]), ""];
  for (let layer = 0; layer < sizes.layers; layer++) {
    const path = `/model/layers.${layer}`;
    const seesAll = (layer + 1) % WINDOW_PATTERN === 0;
    const entry = graph.normOfSum(`${path}/input_layernorm`, `blk.${layer}.attn_norm.weight`, sum, branch);
    const qkv = queriesKeysValues(graph, sizes, layer, entry.normed);
    const attended = graph.attention(layer, qkv, seesAll ? far : near, seesAll ? undefined : sizes.window);
    const mixed = graph.norm(
      `${path}/post_attention_layernorm`,
      `blk.${layer}.post_attention_norm.weight`,
      graph.product(`${path}/attn/o_proj`, attended, graph.matrix(`blk.${layer}.attn_output.weight`)),
    );
    const middle = graph.normOfSum(
      `${path}/pre_feedforward_layernorm`,
      `blk.${layer}.ffn_norm.weight`,
      entry.sum,
      mixed,
    );
    sum = middle.sum;
    branch = graph.norm(
      `${path}/post_feedforward_layernorm`,
      `blk.${layer}.post_ffw_norm.weight`,
      feedForward(graph, layer, middle.normed),
    );
  }
  head(graph.normOfSum(`/model/layers.${sizes.layers}/final_norm_layernorm`, "output_norm.weight", sum, branch).normed);
  return graph.finish();
};

/** Queries and keys are normed in each head. */
function queriesKeysValues(
  graph: DecoderGraph,
  { heads, keyHeads, headDim }: DecoderSizes,
  layer: number,
  normed: string,
): readonly [string, string, string] {
  const path = `/model/layers.${layer}/attn`;
  const product = (name: string): string =>
    graph.product(`${path}/${name}_proj`, normed, graph.matrix(`blk.${layer}.attn_${name}.weight`));
  const inHeads = (name: string, count: number): string => {
    const norm = `${path}/${name}_norm`;
    const apart = graph.op(`${norm}/Reshape_1`, "Reshape", [product(name), graph.integers([0, 0, count, headDim])]);
    const even = graph.norm(norm, `blk.${layer}.attn_${name}_norm.weight`, apart, headDim);
    return graph.op(`${norm}/Reshape_2`, "Reshape", [even, graph.integers([0, 0, count * headDim])]);
  };
  return [inHeads("q", heads), inHeads("k", keyHeads), product("v")];
}

function feedForward(graph: DecoderGraph, layer: number, normed: string): string {
  const path = `/model/layers.${layer}/mlp`;
  const product = (name: string, x: string): string =>
    graph.product(`${path}/${name}_proj`, x, graph.matrix(`blk.${layer}.ffn_${name}.weight`));
  const activated = graph.ownOp(`${path}/act_fn/FastGelu`, "FastGelu", [product("gate", normed)]);
  return product("down", graph.op(`${path}/Mul`, "Mul", [activated, product("up", normed)]));
}
