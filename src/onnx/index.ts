/** The ONNX file format: graphs, operators, constants and external data, read within bounds and written. */
export { attributeNumbers, intAttribute, tensorAttribute } from "./attributes";
export { MAX_RANK } from "./bounds";
export { ELEMENT, elementBytes, elementName, elementNumber } from "./element-types";
export type { ElementType } from "./element-types";
export { damaged } from "./errors";
export { readGraph, tensorsOf } from "./graph";
export type { Graph } from "./graph";
export { withInnerWeights } from "./inner-weights";
export { withInputShapes } from "./input-shapes";
export { joinGraphs } from "./join";
export type { GraphNode } from "./node";
export { opsets } from "./opsets";
export type { Dim, GraphPort, ValueType } from "./port";
export { ProtobufMessage } from "./protobuf";
export { ATTRIBUTE_TYPE, FIELD } from "./schema";
export { readSkeleton } from "./skeleton";
export { smallIntegers, smallNumbers } from "./small-numbers";
export type { Tensor } from "./tensor";
export {
  intAttributeMessage,
  integersMessage,
  movedTensor,
  nodeMessage,
  portMessage,
  rewiredNode,
  tensorMessage,
  writeModel,
} from "./writer";
export type { GraphPart, WeightRange } from "./writer";
