/** Splits decoder models at layer borders, on their ONNX graphs and without their weights. */
export { readDecoder } from "./decoder";
export { exemplaryLayers } from "./exemplary";
export { type PartBytes, partBytes } from "./part-bytes";
export { graphOf } from "./plan";
export { mergeRanges } from "./ranges";
export { extractStage } from "./stage";
export type { DecoderGraph, StageFeed, StageFile, StagePiece, StageRange, StateSpec, TensorSpec } from "./types";
