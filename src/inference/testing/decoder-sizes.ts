/** Sizes of random decoders. */

/** Domain of the operators that ONNX Runtime adds. */
export const MICROSOFT = "com.microsoft";

/** Sizes of every random decoder. */
export const FIXTURE = {
  vocabulary: 320,
  hidden: 64,
  queryHeads: 4,
  keyHeads: 2,
  headDim: 16,
  feedForward: 96,
  experts: 4,
  layerEmbedding: 8,
  convolution: 4,
  maxTokens: 128,
  blockSize: 32,
} as const;
