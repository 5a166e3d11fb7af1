/** Embeddings: what a repository says about them, how vectors come out of hidden states, and the models that make them. */
export { EmbeddingModel } from "./model";
export { type Pooling, pool } from "./pooling";
export { readEmbeddingSettings } from "./settings";
export { cosine } from "./vectors";
