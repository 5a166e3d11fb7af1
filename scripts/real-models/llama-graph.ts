/** Writes a Llama model as an ONNX graph. */
import { reordered } from "./blocks";
import { DecoderGraph, decoderSizes, type WriteGraph } from "./decoder-graph";
import type { DecoderSizes } from "./decoder-wiring";
import { type Gguf, numberOf } from "./gguf";

export function llamaSizes(gguf: Gguf): DecoderSizes {
  const sizes = decoderSizes(gguf, "llama");
  return { ...sizes, headDim: sizes.hidden / sizes.heads, vocabulary: numberOf(gguf, "llama.vocab_size") };
}

/**
 * The rows of a matrix of queries or keys in ONNX's order. GGUF files have the two halves of a head interleaved, since
 * llama.cpp rotates neighbours; ONNX Runtime rotates the first half with the second.
 */
export function halvesOrder(headDim: number): (row: number) => number {
  return (row) => {
    const [head, inHead] = [Math.floor(row / headDim), row % headDim];
    const [half, pair] = [Math.floor(inHead / (headDim / 2)), inHead % (headDim / 2)];
    return head * headDim + pair * 2 + half;
  };
}

export const llamaGraph: WriteGraph = (gguf, precision, externalFile) => {
  const sizes = llamaSizes(gguf);
  const graph = new DecoderGraph(gguf, sizes, precision, externalFile);
  graph.inputs();
  const tables = graph.rotaryTables(sizes.ropeBase, "cos_cache", "sin_cache");
  const { embedded, head } = graph.table();
  let [sum, branch] = [embedded, ""];
  for (let layer = 0; layer < sizes.layers; layer++) {
    const path = `/model/layers.${layer}`;
    const entry = graph.normOfSum(`${path}/input_layernorm`, `blk.${layer}.attn_norm.weight`, sum, branch);
    const mixed = attention(graph, sizes, layer, entry.normed, tables);
    const middle = graph.normOfSum(
      `${path}/post_attention_layernorm`,
      `blk.${layer}.ffn_norm.weight`,
      entry.sum,
      mixed,
    );
    [sum, branch] = [middle.sum, feedForward(graph, layer, middle.normed)];
  }
  head(graph.normOfSum(`/model/layers.${sizes.layers}/final_norm_layernorm`, "output_norm.weight", sum, branch).normed);
  return graph.finish();
};

function attention(
  graph: DecoderGraph,
  { headDim }: DecoderSizes,
  layer: number,
  normed: string,
  tables: readonly [string, string],
): string {
  const path = `/model/layers.${layer}/attn`;
  const order = halvesOrder(headDim);
  const product = (name: string, tensor: string, x: string, rows?: (row: number) => number): string => {
    const matrix = graph.matrix(`blk.${layer}.attn_${tensor}.weight`);
    return graph.product(`${path}/${name}`, x, rows ? reordered(matrix, rows) : matrix);
  };
  const q = product("q_proj", "q", normed, order);
  const k = product("k_proj", "k", normed, order);
  const v = product("v_proj", "v", normed);
  return product("o_proj", "output", graph.attention(layer, [q, k, v], tables));
}

function feedForward(graph: DecoderGraph, layer: number, normed: string): string {
  const path = `/model/layers.${layer}/mlp`;
  const product = (name: string, tensor: string, x: string): string =>
    graph.product(`${path}/${name}`, x, graph.matrix(`blk.${layer}.ffn_${tensor}.weight`));
  const gate = product("gate_proj", "gate", normed);
  const up = product("up_proj", "up", normed);
  const sigmoid = graph.op(`${path}/act_fn/Sigmoid`, "Sigmoid", [gate]);
  const activated = graph.op(`${path}/act_fn/Mul`, "Mul", [gate, sigmoid]);
  return product("down_proj", "down", graph.op(`${path}/Mul`, "Mul", [activated, up]));
}
