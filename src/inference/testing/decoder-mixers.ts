/** Attention and feed-forward of random decoders. For tests; never bundled. */
import { primitiveAttention } from "./decoder-attention";
import type { BlockContext, DecoderBlocks } from "./decoder-blocks";
import { FIXTURE, MICROSOFT } from "./decoder-sizes";

const { hidden: HIDDEN, queryHeads: QUERY_HEADS, keyHeads: KEY_HEADS, headDim: HEAD_DIM } = FIXTURE;

/** Attention over the usual operator, or spelled out. */
export function attention(blocks: DecoderBlocks, normed: string, layer: number, context: BlockContext): string {
  const path = `${blocks.path(layer)}/attn`;
  const source = blocks.shape.flaw === "shared-cache" && layer === 2 ? 0 : layer;
  const [queryWidth, keyWidth] = [QUERY_HEADS * HEAD_DIM, KEY_HEADS * HEAD_DIM];
  const packed = blocks.shape.attention === "packed";
  let q = blocks.product(
    `${path}/${packed ? "qkv_proj" : "q_proj"}`,
    normed,
    HIDDEN,
    queryWidth + (packed ? 2 * keyWidth : 0),
  );
  let k = packed ? "" : blocks.product(`${path}/k_proj`, normed, HIDDEN, keyWidth);
  const v = packed ? "" : blocks.product(`${path}/v_proj`, normed, HIDDEN, keyWidth);
  if (blocks.shape.queryKeyNorm && !packed) {
    q = headNorm(blocks, q, `${path}/q_norm`, QUERY_HEADS);
    k = headNorm(blocks, k, `${path}/k_norm`, KEY_HEADS);
  }
  const out = `${path}/o_proj`;
  if (blocks.shape.attention === "primitive") {
    return blocks.product(out, primitiveAttention(blocks, context, layer, [q, k, v]), queryWidth, HIDDEN);
  }
  const inside = (blocks.shape.positions ?? "inside") === "inside";
  if (blocks.shape.positions === "rotary") {
    q = blocks.rotate(`${path}/q_rotary`, q, context);
    k = blocks.rotate(`${path}/k_rotary`, k, context);
  }
  const past = blocks.shape.pastName ?? "past_key_values";
  const state = ["key", "value"].map((kind) => `${past}.${source}.${kind}`);
  const outputs = [`${path}/GroupQueryAttention/output_0`, `present.${layer}.key`, `present.${layer}.value`];
  const inputs = [q, k, v, ...state, ...context.lengths, ...(inside ? context.tables : [])];
  const mixed = blocks.op(`${path}/GroupQueryAttention`, "GroupQueryAttention", inputs, {
    outputs: blocks.shape.names === "nothing" ? [blocks.writer.unusedName("gqa"), ...outputs.slice(1)] : outputs,
    domain: MICROSOFT,
    width: queryWidth,
    attributes: {
      num_heads: QUERY_HEADS,
      kv_num_heads: KEY_HEADS,
      do_rotary: inside ? 1 : 0,
      scale: { float: 1 / Math.sqrt(HEAD_DIM) },
      ...(blocks.shape.window && layer % 2 === 1 ? { local_window_size: blocks.shape.window } : {}),
    },
  });
  return blocks.product(out, mixed, queryWidth, HIDDEN);
}

function headNorm(blocks: DecoderBlocks, x: string, path: string, heads: number): string {
  const split = blocks.op(`${path}/Reshape_1`, "Reshape", [x, blocks.integers([0, -1, HEAD_DIM])]);
  const normed = blocks.norm(split, path, HEAD_DIM);
  const dims = blocks.op(`${path}/Shape`, "Shape", [x]);
  return blocks.op(`${path}/Reshape_2`, "Reshape", [normed, dims], { width: heads * HEAD_DIM });
}

/** A gated feed-forward block, or experts. */
export function feedForward(blocks: DecoderBlocks, x: string, layer: number): string {
  const path = `${blocks.path(layer)}/${blocks.shape.experts ? "moe" : "mlp"}`;
  if (blocks.shape.experts === "fused") return fusedExperts(blocks, x, path);
  if (blocks.shape.experts !== "spelled") return gated(blocks, x, path);
  const router = blocks.op(`${path}/Softmax`, "Softmax", [blocks.product(`${path}/router`, x, HIDDEN, 2)], {
    attributes: { axis: -1 },
  });
  const parts = [0, 1].map((expert) => {
    const gate = blocks.op(`${path}/gate_${expert}`, "Gather", [router, blocks.integers([expert])], {
      attributes: { axis: 2 },
    });
    return blocks.op(`${path}/Mul_${expert}`, "Mul", [gated(blocks, x, `${path}/experts.${expert}`), gate]);
  });
  return blocks.op(`${path}/Add`, "Add", parts, { width: HIDDEN });
}

function gated(blocks: DecoderBlocks, x: string, path: string): string {
  const width = FIXTURE.feedForward;
  const gate = blocks.product(`${path}/gate_proj`, x, HIDDEN, width);
  const up = blocks.product(`${path}/up_proj`, x, HIDDEN, width);
  const sigmoid = blocks.op(`${path}/act_fn/Sigmoid`, "Sigmoid", [gate], { width });
  const activated = blocks.op(`${path}/act_fn/Mul`, "Mul", [gate, sigmoid], { width });
  const product = blocks.op(`${path}/Mul`, "Mul", [activated, up], { width });
  return blocks.product(`${path}/down_proj`, product, width, HIDDEN);
}

function fusedExperts(blocks: DecoderBlocks, x: string, path: string): string {
  const { experts, feedForward } = FIXTURE;
  const router = blocks.product(`${path}/router`, x, HIDDEN, experts);
  const flat = blocks.op(`${path}/router/Reshape`, "Reshape", [router, blocks.integers([-1, experts])]);
  const codes = (name: string, rows: number, columns: number): string[] => {
    const bytes = Uint8Array.from(blocks.random([experts * rows * columns], 60), (value) => Math.round(value + 128));
    const scales = blocks.random([experts * rows], 0.2).map((value) => (1 + value) / 60 / Math.sqrt(columns));
    return [
      blocks.writer.codes([experts, rows, columns], bytes, { name: blocks.weightName(`${path}.${name}.weight`) }),
      blocks.writer.weight([experts, rows], scales, {
        half: blocks.half,
        name: blocks.weightName(`${path}.${name}.scales`),
      }),
      "",
    ];
  };
  const inputs = [x, flat, ...codes("fc1", feedForward, HIDDEN), ...codes("fc2", HIDDEN, feedForward)];
  return blocks.op(`${path}/QMoE`, "QMoE", inputs.slice(0, -1), {
    attributes: { k: 2, activation_type: "silu", normalize_routing_weights: 1, expert_weight_bits: 8 },
    domain: MICROSOFT,
    width: HIDDEN,
  });
}
