/** Writes the files beside the graph of a Llama model with a byte-level tokenizer. */
import { type Gguf, stringsOf } from "./gguf";
import { llamaSizes } from "./llama-graph";
import { addedTokens, asFiles, vocabularyOf, type WriteSettings } from "./settings";

export const llamaSettings: WriteSettings = (gguf) => {
  const sizes = llamaSizes(gguf);
  const { tokens, ids, unknown } = vocabularyOf(gguf);
  return asFiles({
    "config.json": {
      architectures: ["LlamaForCausalLM"],
      model_type: "llama",
      ...ids,
      hidden_act: "silu",
      hidden_size: sizes.hidden,
      intermediate_size: sizes.feedForward,
      max_position_embeddings: sizes.context,
      num_attention_heads: sizes.heads,
      num_hidden_layers: sizes.layers,
      num_key_value_heads: sizes.keyHeads,
      rms_norm_eps: sizes.epsilon,
      rope_theta: sizes.ropeBase,
      tie_word_embeddings: true,
      vocab_size: sizes.vocabulary,
    },
    "generation_config.json": ids,
    "tokenizer.json": tokenizer(gguf),
    "tokenizer_config.json": {
      add_bos_token: false,
      add_prefix_space: false,
      bos_token: tokens[ids.bos_token_id],
      chat_template: gguf.metadata.get("tokenizer.chat_template"),
      clean_up_tokenization_spaces: false,
      eos_token: tokens[ids.eos_token_id],
      model_max_length: sizes.context,
      pad_token: tokens[ids.pad_token_id],
      tokenizer_class: "GPT2Tokenizer",
      unk_token: tokens[unknown],
    },
  });
};

function tokenizer(gguf: Gguf): unknown {
  if (gguf.metadata.get("tokenizer.ggml.pre") !== "smollm") {
    throw new Error("The way that this GGUF file's tokenizer splits text is not understood.");
  }
  const vocabulary = vocabularyOf(gguf);
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: addedTokens(vocabulary),
    normalizer: null,
    pre_tokenizer: { type: "Sequence", pretokenizers: [{ type: "Digits", individual_digits: true }, byteLevel] },
    post_processor: null,
    decoder: byteLevel,
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(vocabulary.tokens.map((token, id) => [token, id])),
      merges: stringsOf(gguf, "tokenizer.ggml.merges").map((merge) => merge.split(" ")),
    },
  };
}
