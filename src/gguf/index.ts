/** The GGUF file format of llama.cpp: what a file says about its model, read before its weights are downloaded. */
export { readGguf } from "./facts";
export type { GgufFacts } from "./facts";
export { blockOf, FORMAT } from "./formats";
export { readGgufHeader } from "./header";
export type { GgufMetadata } from "./header";
export { requireKnownTokenizer, tokenizerFiles } from "./tokenizer-files";
