/** Real weights for tests, from Python packages, as GGUF and as ONNX repositories. */
export { ggufPath, modelFolder } from "./download.mjs";
export type { RealModelId } from "./download.mjs";
export { HASHES_PATH, realGguf, variant, variantsOf } from "./repository";
export type { Layout, Variant } from "./repository";
export type { Precision } from "./decoder-graph";
