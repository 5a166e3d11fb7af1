/** Writes the files beside the graph of a Gemma 3 model, whose tokenizer is of SentencePiece. */
import { gemmaSizes } from "./gemma-graph";
import type { Gguf } from "./gguf";
import { addedTokens, asFiles, TOKEN, vocabularyOf, type WriteSettings } from "./settings";

/** The sign that SentencePiece writes for a space. */
const SPACE = "▁";

/**
 * Chats of a base model, which knows no roles: the texts one behind the other, so that an answer goes on from where they end.
 */
const PLAIN_TEMPLATE = "{{ bos_token }}{% for message in messages %}{{ message['content'] }}{% endfor %}";

export const gemmaSettings: WriteSettings = (gguf) => {
  const sizes = gemmaSizes(gguf);
  const { tokens, ids, unknown } = vocabularyOf(gguf);
  return asFiles({
    "config.json": {
      architectures: ["Gemma3ForCausalLM"],
      model_type: "gemma3_text",
      ...ids,
      head_dim: sizes.headDim,
      hidden_activation: "gelu_pytorch_tanh",
      hidden_size: sizes.hidden,
      intermediate_size: sizes.feedForward,
      max_position_embeddings: sizes.context,
      num_attention_heads: sizes.heads,
      num_hidden_layers: sizes.layers,
      num_key_value_heads: sizes.keyHeads,
      rms_norm_eps: sizes.epsilon,
      rope_theta: sizes.ropeBase,
      sliding_window: sizes.window,
      tie_word_embeddings: true,
      vocab_size: sizes.vocabulary,
    },
    "generation_config.json": ids,
    "tokenizer.json": tokenizer(gguf),
    "tokenizer_config.json": {
      add_bos_token: true,
      bos_token: tokens[ids.bos_token_id],
      chat_template: gguf.metadata.get("tokenizer.chat_template") ?? PLAIN_TEMPLATE,
      clean_up_tokenization_spaces: false,
      eos_token: tokens[ids.eos_token_id],
      model_max_length: sizes.context,
      pad_token: tokens[ids.pad_token_id],
      tokenizer_class: "GemmaTokenizer",
      unk_token: tokens[unknown],
    },
  });
};

function tokenizer(gguf: Gguf): unknown {
  if (gguf.metadata.get("tokenizer.ggml.model") !== "llama") {
    throw new Error("The kind of this GGUF file's tokenizer is not understood.");
  }
  const vocabulary = vocabularyOf(gguf);
  const { tokens, unknown } = vocabulary;
  const ids = new Map(tokens.map((token, id) => [token, id]));
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: addedTokens(vocabulary),
    normalizer: { type: "Replace", pattern: { String: " " }, content: SPACE },
    pre_tokenizer: null,
    post_processor: null,
    decoder: {
      type: "Sequence",
      decoders: [
        { type: "Replace", pattern: { String: SPACE }, content: " " },
        { type: "ByteFallback" },
        { type: "Fuse" },
      ],
    },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: tokens[unknown],
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: true,
      byte_fallback: true,
      ignore_merges: false,
      vocab: Object.fromEntries(ids),
      merges: merges(gguf, ids),
    },
  };
}

/**
 * SentencePiece joins the neighbours whose joined text is the best token; a list of merges says the same. All pairs that
 * make up one token stand together.
 */
function merges(gguf: Gguf, ids: ReadonlyMap<string, number>): readonly (readonly [string, string])[] {
  const { tokens, kinds } = vocabularyOf(gguf);
  const scores = gguf.metadata.get("tokenizer.ggml.scores") as readonly number[];
  const best = [...tokens.keys()]
    .filter((id) => kinds[id] === TOKEN.normal)
    .sort((one, other) => scores[other]! - scores[one]! || one - other);
  return best.flatMap((id) => {
    const characters = Array.from(tokens[id]!);
    return characters.slice(1).flatMap((_, before): [string, string][] => {
      const pair = [characters.slice(0, before + 1).join(""), characters.slice(before + 1).join("")] as const;
      return pair.every((part) => ids.has(part)) ? [[...pair]] : [];
    });
  });
}
