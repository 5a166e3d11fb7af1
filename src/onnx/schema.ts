/** The numbers that onnx.proto3 gives to fields and enumerations. */

/** Field numbers, by message. Only the fields that are read or written here. */
export const FIELD = {
  model: { version: 1, graph: 7, opset: 8, functions: 25 },
  opset: { domain: 1, version: 2 },
  graph: {
    node: 1,
    name: 2,
    initializer: 5,
    input: 11,
    output: 12,
    valueInfo: 13,
    quantization: 14,
    sparseInitializer: 15,
  },
  node: { input: 1, output: 2, name: 3, op: 4, attribute: 5, domain: 7 },
  attribute: {
    name: 1,
    float: 2,
    int: 3,
    string: 4,
    tensor: 5,
    graph: 6,
    ints: 8,
    tensors: 10,
    graphs: 11,
    type: 20,
    sparseTensor: 22,
    sparseTensors: 23,
  },
  tensor: { dim: 1, type: 2, int32s: 5, int64s: 7, name: 8, raw: 9, external: 13, location: 14 },
  entry: { key: 1, value: 2 },
  port: { name: 1, type: 2 },
  type: { tensor: 1 },
  tensorType: { element: 1, shape: 2 },
  shape: { dim: 1 },
  dim: { value: 1, name: 2 },
  quantization: { tensor: 1 },
} as const;

/** `AttributeType`: which field of an attribute holds its value. */
export const ATTRIBUTE_TYPE = { float: 1, int: 2, string: 3, graph: 5, ints: 7 } as const;

/** `DataLocation` of a tensor whose content is in another file. */
export const EXTERNAL_DATA = 1;
