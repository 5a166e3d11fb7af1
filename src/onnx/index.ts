/** The ONNX file format: graphs, operators, constants and external data, read within bounds and written. */
export { ELEMENT, elementBytes, elementName, elementNumber } from "./element-types";
export type { ElementType } from "./element-types";
export { cannotSplit, damaged } from "./errors";
export { type Graph, namesIn, readGraph } from "./graph";
export {
  type Dim,
  type GraphConstant,
  type GraphNode,
  type GraphPort,
  type ValueType,
  type WeightRange,
  fields,
  intAttribute,
  readConstant,
  tensorAttribute,
} from "./graph-parts";
export {
  MAX_CUT_BYTES,
  MAX_FIELDS,
  MAX_FOLLOWED,
  MAX_LAYER_STATES,
  MAX_RANK,
  MAX_STATE_BYTES,
  MAX_STRANGERS_FIELDS,
  MAX_WORK,
  WorkCount,
  tooLarge,
} from "./limits";
export { type ExternalRange, FIELD, type OnnxGraph, damagedGraph, readExternal, readOnnxGraph } from "./onnx-file";
export {
  type ProtobufField,
  ProtobufMessage,
  joinBytes,
  protobufFields,
  protobufNumbers,
  protobufText,
} from "./protobuf";
export { signedNumbers, smallIntegers, smallNumbers } from "./small-numbers";
