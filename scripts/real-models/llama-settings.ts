/** Writes the files beside the graph of a Llama model. */
import { llamaSizes } from "./llama-graph";
import { settingsFiles, type WriteSettings } from "./settings";

export const llamaSettings: WriteSettings = (gguf) => {
  const sizes = llamaSizes(gguf);
  return settingsFiles(gguf, (ids) => ({
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
  }));
};
