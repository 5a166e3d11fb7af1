/** A Llama model with random weights as a GGUF file of 150 kB, which llama.cpp runs. */
import { FORMAT } from "../formats";
import { byteLevelKeys } from "./vocabularies";
import { value, writeGguf } from "./writer";

const HIDDEN = 32;
const HEADS = 4;
const KEY_HEADS = 2;
const FEED_FORWARD = 64;
const CONTEXT = 256;
const MERGES = ["h e", "l l", "he ll", "hell o", "Ġ w", "o r"];
/** The two control tokens, the bytes, and what the merges make. */
const VOCABULARY = 2 + 256 + MERGES.length;
const TEMPLATE =
  "{% for message in messages %}<|begin|>{{ message['role'] + ':' + message['content'] }}<|end|>{% endfor %}" +
  "{% if add_generation_prompt %}<|begin|>assistant:{% endif %}";

/** The file; equal seeds give equal weights. It says that they are random, so that engines do not expect good answers. */
export function tinyLlama({ layers = 2, seed = 1 } = {}): Uint8Array<ArrayBuffer> {
  const random = numbers(seed);
  const matrix = (name: string, columns: number, rows: number) => {
    // Sums of as many products keep their size.
    const values = Float32Array.from({ length: columns * rows }, () => random() / Math.sqrt(columns));
    return tensor(name, [columns, rows], values);
  };
  const norm = (name: string) => tensor(name, [HIDDEN], new Float32Array(HIDDEN).fill(1));
  const keyWidth = (HIDDEN / HEADS) * KEY_HEADS;
  const blocks = Array.from({ length: layers }, (_, layer) => [
    norm(`blk.${layer}.attn_norm`),
    matrix(`blk.${layer}.attn_q`, HIDDEN, HIDDEN),
    matrix(`blk.${layer}.attn_k`, HIDDEN, keyWidth),
    matrix(`blk.${layer}.attn_v`, HIDDEN, keyWidth),
    matrix(`blk.${layer}.attn_output`, HIDDEN, HIDDEN),
    norm(`blk.${layer}.ffn_norm`),
    matrix(`blk.${layer}.ffn_gate`, HIDDEN, FEED_FORWARD),
    matrix(`blk.${layer}.ffn_up`, HIDDEN, FEED_FORWARD),
    matrix(`blk.${layer}.ffn_down`, FEED_FORWARD, HIDDEN),
  ]);
  const metadata = {
    "general.architecture": value.text("llama"),
    "general.name": value.text("Tiny"),
    "general.file_type": value.uint32(0),
    "microgrid.untrained": value.bool(true),
    "llama.context_length": value.uint32(CONTEXT),
    "llama.embedding_length": value.uint32(HIDDEN),
    "llama.block_count": value.uint32(layers),
    "llama.feed_forward_length": value.uint32(FEED_FORWARD),
    "llama.rope.dimension_count": value.uint32(HIDDEN / HEADS),
    "llama.attention.head_count": value.uint32(HEADS),
    "llama.attention.head_count_kv": value.uint32(KEY_HEADS),
    "llama.attention.layer_norm_rms_epsilon": value.float32(1e-5),
    ...byteLevelKeys("gpt-2", MERGES),
    "tokenizer.chat_template": value.text(TEMPLATE),
  };
  const outer = [norm("output_norm"), matrix("output", HIDDEN, VOCABULARY)];
  return writeGguf(metadata, [matrix("token_embd", HIDDEN, VOCABULARY), ...blocks.flat(), ...outer]);
}

function tensor(name: string, dims: readonly number[], values: Float32Array<ArrayBuffer>) {
  return { name: `${name}.weight`, dims, format: FORMAT.float32, bytes: new Uint8Array(values.buffer) };
}

/** Numbers between −1 and 1, the same for the same seed (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
}
