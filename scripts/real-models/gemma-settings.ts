/** Writes the files beside the graph of a Gemma 3 model. */
import { gemmaSizes } from "./gemma-graph";
import { settingsFiles, sizesOf, type WriteSettings } from "./settings";

/**
 * Chats of a base model, which knows no roles: the texts one behind the other, so that an answer goes on from where they end.
 */
const PLAIN_TEMPLATE = "{{ bos_token }}{% for message in messages %}{{ message['content'] }}{% endfor %}";

export const gemmaSettings: WriteSettings = (gguf) => {
  const sizes = gemmaSizes(gguf);
  const config = (ids: object): object => ({
    architectures: ["Gemma3ForCausalLM"],
    model_type: "gemma3_text",
    ...ids,
    head_dim: sizes.headDim,
    hidden_activation: "gelu_pytorch_tanh",
    ...sizesOf(sizes),
    sliding_window: sizes.window,
    tie_word_embeddings: true,
    vocab_size: sizes.vocabulary,
  });
  return settingsFiles(gguf, config, new Map([["tokenizer.chat_template", PLAIN_TEMPLATE], ...gguf.metadata]));
};
