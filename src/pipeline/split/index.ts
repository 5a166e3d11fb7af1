/** Splits decoder models at layer borders, on their ONNX graphs and without their weights. */
export { readDecoder } from "./decoder";
export type { ReadOptions } from "./decoder";
export type { ElementType } from "../../onnx";
export type { CacheSizes } from "./inputs";
export { MAX_FILE_BYTES, mergeRanges } from "./ranges";
export type { RangeRequest } from "./ranges";
export { extractStage } from "./stage";
export type { Cut, DecoderGraph, StageFeed, StageFile, StagePiece, StageRange, StateSpec, TensorSpec } from "./types";
