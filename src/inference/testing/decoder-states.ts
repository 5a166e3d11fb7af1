/**
 * Layers of random decoders with state of fixed size, in the shapes that exporters write: LFM2's short convolution,
 * Qwen3.5's gated delta rule and the Mamba layers of Granite 4 and Falcon-H1. For tests; never bundled.
 */
import type { DecoderBlocks } from "./decoder-blocks";
import { FIXTURE, MICROSOFT } from "./decoder-sizes";
import { DELTA, fixedStates, MAMBA, presentOf } from "./decoder-state-shapes";

const { hidden: HIDDEN, convolution: KERNEL, keyHeads: QK_HEADS, queryHeads: HEADS } = FIXTURE;
/** The end of a slice that reaches to the end. */
const END = 2 ** 40;

/** LFM2's operator: a gated convolution over the last tokens. */
export function shortConvolution(blocks: DecoderBlocks, normed: string, layer: number): string {
  const path = `${blocks.path(layer)}/conv`;
  const inner = blocks.product(`${path}/in_proj`, normed, HIDDEN, 3 * HIDDEN);
  const turned = turn(blocks, `${path}/Transpose_1`, inner);
  const [b = "", c = "", x = ""] = split(blocks, `${path}/Split`, turned, [HIDDEN, HIDDEN, HIDDEN], 1);
  const gated = blocks.op(`${path}/Mul_1`, "Mul", [b, x]);
  const mixed = rollingConvolution(blocks, path, gated, { layer, channels: HIDDEN, like: normed });
  const result = blocks.op(`${path}/Mul_2`, "Mul", [c, mixed]);
  return blocks.product(`${path}/out_proj`, turn(blocks, `${path}/Transpose_2`, result), HIDDEN, HIDDEN);
}

/** Qwen3.5's linear attention, in the operators of ONNX Runtime. */
export function deltaRule(blocks: DecoderBlocks, normed: string, layer: number): string {
  const path = `${blocks.path(layer)}/linear_attn`;
  const [conv, recurrent] = fixedStates(blocks.shape, layer);
  const project = (name: string, width: number): string =>
    blocks.product(`${path}/in_proj_${name}`, normed, HIDDEN, width);
  const turned = turn(blocks, `${path}/qkv_transpose/Transpose`, project("qkv", DELTA.channels));
  const weight = blocks.floats(`${path}.conv1d.weight`, [DELTA.channels, 1, KERNEL], 0.5);
  const bias = blocks.floats(`${path}.conv1d.bias`, [DELTA.channels], 0);
  const output = blocks.writer.unusedName("conv");
  blocks.op(`${path}/CausalConvWithState`, "CausalConvWithState", [turned, weight, bias, conv?.past ?? ""], {
    attributes: { ndim: 1, activation: "silu" },
    domain: MICROSOFT,
    outputs: [output, presentOf(conv?.past ?? "")],
  });
  const widths = [DELTA.keys, DELTA.keys, DELTA.values];
  const [q = "", k = "", v = ""] = split(
    blocks,
    `${path}/split_qkv/Split`,
    turn(blocks, `${path}/back`, output),
    widths,
    -1,
  );
  const query = blocks.op(`${path}/q_scaled/Mul`, "Mul", [
    unitLength(blocks, `${path}/q_l2norm`, q),
    blocks.scalar(1 / Math.sqrt(DELTA.head)),
  ]);
  const key = unitLength(blocks, `${path}/k_l2norm`, k);
  const beta = blocks.op(`${path}/beta/Sigmoid`, "Sigmoid", [project("b", HEADS)]);
  const decay = decayOf(blocks, path, project("a", HEADS));
  const mixed = blocks.writer.unusedName("linear");
  const inputs = [query, key, v, recurrent?.past ?? "", decay.logarithm, beta];
  blocks.op(`${path}/LinearAttention`, "LinearAttention", inputs, {
    attributes: { q_num_heads: QK_HEADS, kv_num_heads: HEADS, update_rule: "gated_delta", scale: { float: 1 } },
    domain: MICROSOFT,
    outputs: [mixed, presentOf(recurrent?.past ?? "")],
  });
  const heads = blocks.op(`${path}/flat`, "Reshape", [mixed, blocks.integers([0, 0, HEADS, DELTA.head])]);
  const norm = blocks.norm(heads, `${path}/norm`, DELTA.head);
  const flat = blocks.op(`${path}/unflat`, "Reshape", [norm, blocks.integers([0, 0, DELTA.values])]);
  const gated = blocks.op(`${path}/gated/Mul`, "Mul", [flat, silu(blocks, `${path}/z`, project("z", DELTA.values))]);
  return blocks.product(`${path}/out_proj`, gated, DELTA.values, HIDDEN);
}

/** A Mamba 2 layer in primitive operators: all tokens of a run at once, on top of the state before it. */
export function mamba(blocks: DecoderBlocks, normed: string, layer: number): string {
  const path = `${blocks.path(layer)}/mamba`;
  const [, ssm] = fixedStates(blocks.shape, layer);
  const einsum = (name: string, equation: string, inputs: readonly string[]): string =>
    blocks.op(`${path}/${name}/Einsum`, "Einsum", inputs, { attributes: { equation } });
  const inner = blocks.product(`${path}/in_proj`, normed, HIDDEN, HIDDEN + MAMBA.channels + HEADS);
  const [z = "", channels = "", dt = ""] = split(blocks, `${path}/Split`, inner, [HIDDEN, MAMBA.channels, HEADS], -1);
  const turned = turn(blocks, `${path}/Transpose_1`, channels);
  const options = { layer, channels: MAMBA.channels, like: normed };
  const mixed = turn(blocks, `${path}/Transpose_2`, rollingConvolution(blocks, path, turned, options));
  const activated = silu(blocks, `${path}/act`, mixed);
  const [x = "", b = "", c = ""] = split(
    blocks,
    `${path}/Split_1`,
    activated,
    [HIDDEN, MAMBA.states, MAMBA.states],
    -1,
  );
  const heads = blocks.op(`${path}/Reshape`, "Reshape", [x, blocks.integers([0, 0, HEADS, MAMBA.head])]);
  const { step, logarithm } = decayOf(blocks, path, dt);
  // How much is left of the state before the run, and of each token's part of it, at each later token.
  const total = blocks.op(`${path}/CumSum`, "CumSum", [logarithm, blocks.integers([1], { scalar: true })]);
  const rows = blocks.op(`${path}/rows/Unsqueeze`, "Unsqueeze", [total, blocks.integers([2])]);
  const columns = blocks.op(`${path}/columns/Unsqueeze`, "Unsqueeze", [total, blocks.integers([1])]);
  const between = blocks.op(`${path}/between/Sub`, "Sub", [rows, columns]);
  const past = blocks.op(`${path}/past/Min`, "Min", [between, blocks.scalar(0)]);
  const left = blocks.op(`${path}/left/Transpose`, "Transpose", [blocks.op(`${path}/left/Exp`, "Exp", [past])], {
    attributes: { perm: [0, 3, 1, 2] },
  });
  const causal = blocks.op(`${path}/Trilu`, "Trilu", [left], { attributes: { upper: 0 } });
  const weighted = blocks.op(`${path}/dt/Mul`, "Mul", [
    heads,
    blocks.op(`${path}/dt/Unsqueeze`, "Unsqueeze", [step, blocks.integers([3])]),
  ]);
  const pairs = blocks.op(`${path}/pairs/Unsqueeze`, "Unsqueeze", [
    einsum("pairs", "bin,bjn->bij", [c, b]),
    blocks.integers([1]),
  ]);
  const within = einsum("within", "bhij,bjhp->bihp", [
    blocks.op(`${path}/causal/Mul`, "Mul", [causal, pairs]),
    weighted,
  ]);
  const before = einsum("before", "bin,bhpn->bihp", [c, ssm?.past ?? ""]);
  const decayed = blocks.op(`${path}/total/Unsqueeze`, "Unsqueeze", [
    blocks.op(`${path}/total/Exp`, "Exp", [total]),
    blocks.integers([3]),
  ]);
  const carried = blocks.op(`${path}/before/Mul`, "Mul", [before, decayed]);
  const sum = blocks.op(`${path}/Add`, "Add", [within, carried]);
  const skipped = blocks.op(`${path}/D/Mul`, "Mul", [heads, blocks.floats(`${path}.D`, [HEADS, 1], 0.5, 1)]);
  const y = blocks.op(`${path}/Reshape_1`, "Reshape", [
    blocks.op(`${path}/Add_1`, "Add", [sum, skipped]),
    blocks.integers([0, 0, HIDDEN]),
  ]);
  mambaState(blocks, path, { left, weighted, b, decayed, past: ssm?.past ?? "" });
  const gated = blocks.op(`${path}/gate/Mul`, "Mul", [y, silu(blocks, `${path}/z`, z)]);
  return blocks.product(`${path}/out_proj`, blocks.norm(gated, `${path}/norm`), HIDDEN, HIDDEN);
}

/** The state after the run: what is left of the one before, and of each token's part. */
function mambaState(
  blocks: DecoderBlocks,
  path: string,
  { left, weighted, b, decayed, past }: Record<"left" | "weighted" | "b" | "decayed" | "past", string>,
): void {
  const lastOf = (name: string, value: string, axis: number): string =>
    blocks.op(`${path}/${name}/Gather`, "Gather", [value, blocks.integers([-1], { scalar: true })], {
      attributes: { axis },
    });
  const parts = blocks.op(`${path}/parts/Einsum`, "Einsum", [lastOf("last_left", left, 2), weighted, b], {
    attributes: { equation: "bhj,bjhp,bjn->bhpn" },
  });
  const rest = blocks.op(`${path}/rest/Unsqueeze`, "Unsqueeze", [lastOf("last", decayed, 1), blocks.integers([3])]);
  const kept = blocks.op(`${path}/kept/Mul`, "Mul", [past, rest]);
  blocks.op(`${path}/state/Add`, "Add", [kept, parts], { outputs: [presentOf(past)] });
}

/** A convolution by channel over the last tokens, which are a state; `[batch, channels, tokens]` in and out. */
function rollingConvolution(
  blocks: DecoderBlocks,
  path: string,
  x: string,
  { layer, channels, like }: { layer: number; channels: number; like: string },
): string {
  const past = `past_conv.${layer}`;
  const grown = blocks.op(`${path}/Conv_1`, "Concat", [past, x], { attributes: { axis: 2 } });
  const weight = blocks.floats(`${path}.conv.weight`, [channels, 1, KERNEL], 0.5);
  const all = blocks.op(`${path}/Conv_2`, "Conv", [grown, weight], {
    attributes: { group: channels, kernel_shape: [KERNEL], pads: [0, 0] },
  });
  const tail = (name: string, value: string, start: string, outputs?: readonly string[]): string =>
    blocks.op(`${path}/${name}`, "Slice", [value, start, blocks.integers([END]), blocks.integers([2])], {
      ...(outputs && { outputs }),
    });
  tail("Slice_2", grown, blocks.integers([-KERNEL]), [presentOf(past)]);
  const shape = blocks.op(`${path}/Shape`, "Shape", [like]);
  const tokens = blocks.op(`${path}/Gather`, "Gather", [shape, blocks.integers([1], { scalar: true })]);
  const start = blocks.op(`${path}/Neg`, "Mul", [tokens, blocks.integers([-1], { scalar: true })]);
  return tail("Slice_1", all, blocks.op(`${path}/Unsqueeze`, "Unsqueeze", [start, blocks.integers([0])]));
}

/** The step sizes of the heads, and the logarithm of what each token leaves of the state. */
function decayOf(blocks: DecoderBlocks, path: string, raw: string): { step: string; logarithm: string } {
  const moved = blocks.op(`${path}/decay/Add`, "Add", [raw, blocks.floats(`${path}.dt_bias`, [HEADS], 0.5)]);
  const step = blocks.op(`${path}/decay/Softplus`, "Softplus", [moved]);
  const speed = blocks.floats(`${path}.neg_exp_A`, [HEADS], 0.2, -1);
  return { step, logarithm: blocks.op(`${path}/decay/Mul`, "Mul", [speed, step]) };
}

function unitLength(blocks: DecoderBlocks, path: string, x: string): string {
  const heads = blocks.op(`${path}/flat`, "Reshape", [x, blocks.integers([0, 0, QK_HEADS, DELTA.head])]);
  const unit = blocks.op(`${path}/LpNormalization`, "LpNormalization", [heads], { attributes: { axis: -1, p: 2 } });
  return blocks.op(`${path}/unflat`, "Reshape", [unit, blocks.integers([0, 0, DELTA.keys])]);
}

function silu(blocks: DecoderBlocks, path: string, x: string): string {
  return blocks.op(`${path}/Mul`, "Mul", [x, blocks.op(`${path}/Sigmoid`, "Sigmoid", [x])]);
}

function turn(blocks: DecoderBlocks, path: string, x: string): string {
  return blocks.op(path, "Transpose", [x], { attributes: { perm: [0, 2, 1] } });
}

function split(
  blocks: DecoderBlocks,
  path: string,
  x: string,
  widths: readonly number[],
  axis: number,
): readonly string[] {
  const outputs = widths.map(() => blocks.writer.unusedName("part"));
  blocks.op(path, "Split", [x, blocks.integers(widths)], { outputs, attributes: { axis } });
  return outputs;
}
