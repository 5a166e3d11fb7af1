/** Attention of random decoders spelled out in primitive operators, with one mask for all layers. */
import type { BlockContext, DecoderBlocks } from "./decoder-blocks";
import { FIXTURE } from "./decoder-sizes";

const { queryHeads: QUERY_HEADS, keyHeads: KEY_HEADS, headDim: HEAD_DIM } = FIXTURE;

/**
 * The mask that is added to scores, and the positions of the tokens that are fed. As exporters write it: from the shape
 * of the embedded tokens, and of the first layer's cache.
 */
export function sharedMask(
  blocks: DecoderBlocks,
  embedded: string,
  half: boolean,
): { mask: string; positions: string } {
  if (blocks.shape.flaw === "no-cache") return { mask: blocks.scalar(0), positions: "" };
  const { attention, positions = "inside", positionIds } = blocks.shape;
  const needed = attention === "primitive" || (positions !== "inside" && !positionIds);
  if (!needed || !blocks.attends(0)) return { mask: "", positions: "" };
  const path = "/model/mask";
  const scalar = (value: number): string => blocks.integers([value], { scalar: true });
  const size = (name: string, of: string, axis: number): string =>
    blocks.op(`${path}/${name}/Gather`, "Gather", [blocks.op(`${path}/${name}/Shape`, "Shape", [of]), scalar(axis)]);
  const past = size("past", `${blocks.shape.pastName ?? "past_key_values"}.0.key`, 2);
  const total = blocks.op(`${path}/total/Add`, "Add", [past, size("fed", embedded, 1)]);
  const rows = blocks.op(`${path}/rows/Range`, "Range", [past, total, scalar(1)]);
  const columns = blocks.op(`${path}/columns/Range`, "Range", [scalar(0), total, scalar(1)]);
  const column = blocks.op(`${path}/Unsqueeze`, "Unsqueeze", [rows, blocks.integers([-1])]);
  const future = blocks.op(`${path}/Greater`, "Greater", [columns, column]);
  const hide = blocks.scalar(half ? -60000 : -1e9);
  const causal = blocks.op(`${path}/Where`, "Where", [future, hide, blocks.scalar(0)]);
  return {
    mask: blocks.shape.hidesPadding ? withPadding(blocks, path, { causal, hide }) : causal,
    positions: blocks.op(`${path}/positions/Unsqueeze`, "Unsqueeze", [rows, blocks.integers([0])]),
  };
}

/** The mask of each text: it also hides the tokens that the input `attention_mask` leaves out. */
function withPadding(
  blocks: DecoderBlocks,
  path: string,
  { causal, hide }: { readonly causal: string; readonly hide: string },
): string {
  const given = blocks.op(`${path}/given/Cast`, "Cast", ["attention_mask"], { attributes: { to: 9 } });
  const wide = blocks.op(`${path}/given/Unsqueeze`, "Unsqueeze", [given, blocks.integers([1, 2])]);
  return blocks.op(`${path}/given/Where`, "Where", [wide, causal, hide]);
}

/** Attention with caches grown by `Concat`; the result is as wide as all heads. */
export function primitiveAttention(
  blocks: DecoderBlocks,
  context: BlockContext,
  layer: number,
  [q, k, v]: readonly [string, string, string],
): string {
  const path = `${blocks.path(layer)}/attn`;
  const rotated = blocks.shape.positions === "rotary";
  const split = (name: string, value: string, heads: number): string => {
    // By the value's own shape, as exporters write it.
    const shape = blocks.op(`${path}/${name}/Shape`, "Shape", [value]);
    const start = blocks.op(`${path}/${name}/Slice`, "Slice", [shape, blocks.integers([0]), blocks.integers([2])]);
    const dims = blocks.op(`${path}/${name}/dims`, "Concat", [start, blocks.integers([heads, HEAD_DIM])], {
      attributes: { axis: 0 },
    });
    const shaped = blocks.op(`${path}/${name}/Reshape`, "Reshape", [value, dims]);
    const turned = blocks.op(`${path}/${name}/Transpose`, "Transpose", [shaped], {
      attributes: { perm: [0, 2, 1, 3] },
    });
    return rotated && name !== "v" ? blocks.rotate(`${path}/${name}`, turned, context) : turned;
  };
  const grown = (name: string, kind: string, value: string): string => {
    const source = blocks.shape.flaw === "shared-cache" && layer === 2 ? 0 : layer;
    const past = `${blocks.shape.pastName ?? "past_key_values"}.${source}.${kind}`;
    const borrowed = blocks.borrows(layer) && blocks.repeated.get(`${String(blocks.shape.borrowsCacheOf)}.${kind}`);
    if (borrowed) return borrowed;
    const now = split(name, value, KEY_HEADS);
    const present =
      blocks.shape.flaw === "no-cache"
        ? now
        : blocks.op(`${path}/${name}/Concat`, "Concat", [past, now], {
            outputs: [`present.${layer}.${kind}`],
            attributes: { axis: 2 },
          });
    const wide = blocks.op(`${path}/${name}/Unsqueeze`, "Unsqueeze", [present, blocks.integers([2])]);
    const doubled = blocks.op(`${path}/${name}/repeat`, "Concat", [wide, wide], { attributes: { axis: 2 } });
    const dims = blocks.integers([0, QUERY_HEADS, -1, HEAD_DIM]);
    const repeated = blocks.op(`${path}/${name}/heads`, "Reshape", [doubled, dims]);
    blocks.repeated.set(`${layer}.${kind}`, repeated);
    return repeated;
  };
  const keys = grown("k", "key", k);
  const values = grown("v", "value", v);
  const turned = blocks.op(`${path}/keys/Transpose`, "Transpose", [keys], { attributes: { perm: [0, 1, 3, 2] } });
  const products = blocks.op(`${path}/MatMul`, "MatMul", [split("q", q, QUERY_HEADS), turned]);
  const scores = blocks.op(`${path}/Mul`, "Mul", [products, blocks.scalar(1 / Math.sqrt(HEAD_DIM))]);
  const masked = blocks.op(`${path}/Add`, "Add", [scores, context.mask]);
  const weights = blocks.op(`${path}/Softmax`, "Softmax", [masked], { attributes: { axis: -1 } });
  const mixed = blocks.op(`${path}/MatMul_1`, "MatMul", [weights, values]);
  const back = blocks.op(`${path}/Transpose`, "Transpose", [mixed], { attributes: { perm: [0, 2, 1, 3] } });
  const dims = blocks.integers([0, 0, QUERY_HEADS * HEAD_DIM]);
  return blocks.op(`${path}/Reshape`, "Reshape", [back, dims], { width: QUERY_HEADS * HEAD_DIM });
}
