/** Random models for unit and browser tests; the Node parts are in `node.ts`. Never bundled. */
export { RANDOM_MODEL_CONFIG, randomModel } from "./random-model";
export type { RandomModelOptions } from "./random-model";
export { quantizedGraph } from "./quantized-graph";
export type { QuantizedGraph, QuantizedProduct } from "./quantized-graph";
export { randomDecoder, randomDecoderApart } from "./decoder-fixtures";
export type { DecoderShape } from "./decoder-shape";
