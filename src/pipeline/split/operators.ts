/** Operators that the usual exporters of decoders write. All of them end, in a time that follows from their inputs. */

/** Operators of ONNX itself, and those that ONNX Runtime accepts without a domain. */
const STANDARD = new Set([
  // number by number
  ...[
    "Abs",
    "Add",
    "And",
    "BitShift",
    "BitwiseAnd",
    "BitwiseNot",
    "BitwiseOr",
    "BitwiseXor",
    "Cast",
    "CastLike",
    "Ceil",
  ],
  ...["Clip", "Cos", "Div", "Elu", "Equal", "Erf", "Exp", "Floor", "Gelu", "Greater", "GreaterOrEqual", "HardSigmoid"],
  ...[
    "HardSwish",
    "IsInf",
    "IsNaN",
    "LeakyRelu",
    "Less",
    "LessOrEqual",
    "Log",
    "Max",
    "Mean",
    "Min",
    "Mish",
    "Mod",
    "Mul",
  ],
  ...["Neg", "Not", "Or", "Pow", "Reciprocal", "Relu", "Round", "Selu", "Sigmoid", "Sign", "Silu", "Sin", "Softplus"],
  ...["Sqrt", "Sub", "Sum", "Swish", "Tanh", "ThresholdedRelu", "Where", "Xor"],
  // shapes and places
  ...["Concat", "Constant", "ConstantOfShape", "Dropout", "Expand", "Flatten", "Gather", "GatherElements", "GatherND"],
  ...[
    "Identity",
    "NonZero",
    "OneHot",
    "Pad",
    "Range",
    "Reshape",
    "ScatterElements",
    "ScatterND",
    "Shape",
    "Size",
    "Slice",
  ],
  ...["Split", "Squeeze", "TensorScatter", "Tile", "TopK", "Transpose", "Trilu", "Unsqueeze"],
  // sums
  ...["ArgMax", "ArgMin", "CumSum", "LogSoftmax", "LpNormalization", "ReduceL1", "ReduceL2", "ReduceLogSumExp"],
  ...["ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare", "Softmax"],
  ...["GroupNormalization", "InstanceNormalization", "LayerNormalization", "RMSNormalization"],
  ...["SimplifiedLayerNormalization", "SkipLayerNormalization", "SkipSimplifiedLayerNormalization"],
  // products
  ...[
    "Attention",
    "Conv",
    "ConvInteger",
    "Einsum",
    "Gemm",
    "MatMul",
    "MatMulInteger",
    "QLinearMatMul",
    "RotaryEmbedding",
  ],
  ...["DequantizeLinear", "DynamicQuantizeLinear", "QuantizeLinear"],
  // Chooses between two tables; its branches may hold nothing but these.
  "If",
]);

/** Operators of ONNX Runtime. */
const MICROSOFT = new Set([
  ...["Attention", "GroupQueryAttention", "LinearAttention", "MultiHeadAttention", "QAttention", "SparseAttention"],
  ...["CausalConvWithState", "GemmaRotaryEmbedding", "RotaryEmbedding"],
  ...[
    "DynamicQuantizeMatMul",
    "FusedGemm",
    "FusedMatMul",
    "GatherBlockQuantized",
    "MatMulBnb4",
    "MatMulIntegerToFloat",
  ],
  ...["MatMulNBits", "MoE", "QGemm", "QMoE", "FusedConv"],
  ...["SimplifiedLayerNormalization", "SkipLayerNormalization", "SkipSimplifiedLayerNormalization"],
  ...["BiasGelu", "BiasSoftmax", "FastGelu", "Gelu", "QuickGelu"],
  ...["DequantizeLinear", "QuantizeLinear", "Trilu"],
]);

/** Operators allowed in the branches of an `If`, which may only choose between tables. */
const BRANCH = new Set(["Constant", "Identity"]);

/** Whether usual decoders have this operator in their graph or, with `inBranch`, in a branch of an `If`. */
export function isUsualOperator({ op, domain }: { op: string; domain: string }, inBranch: boolean): boolean {
  if (domain === "com.microsoft") return !inBranch && MICROSOFT.has(op);
  return domain === "" && (inBranch ? BRANCH : STANDARD).has(op);
}
