/** Real weights for tests: SmolLM2-135M-Instruct from a Python package, as GGUF and as ONNX repositories. */
export { MODELS_FOLDER } from "./download.mjs";
export { HASHES_PATH, LAYOUTS, PRECISIONS, smolGguf, variant } from "./repository";
export type { Layout, Variant } from "./repository";
export type { Precision } from "./llama-graph";
