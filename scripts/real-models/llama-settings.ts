/** Writes the files beside the graph of a Llama model. */
import { llamaSizes } from "./llama-graph";
import { settingsFiles, sizesOf, type WriteSettings } from "./settings";

export const llamaSettings: WriteSettings = (gguf) => {
  const sizes = llamaSizes(gguf);
  return settingsFiles(gguf, (ids) => ({
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    ...ids,
    hidden_act: "silu",
    ...sizesOf(sizes),
    tie_word_embeddings: true,
    vocab_size: sizes.vocabulary,
  }));
};
