/** Writes small, valid ONNX files for tests. Never bundled. */
import { concat } from "../../core";
import {
  ATTRIBUTE_TYPE,
  type ElementType,
  elementNumber,
  FIELD,
  intAttributeMessage,
  nodeMessage,
  portMessage,
  ProtobufMessage as Message,
  tensorMessage,
} from "../../onnx";

/** An attribute of an operator: a number becomes `int` unless it is written as `{ float }`. */
export type Attribute =
  number | readonly number[] | string | { readonly float: number } | { readonly graph: OnnxWriter };

/** How a constant is written: with a name of the caller's, and in half precision. */
interface WeightOptions {
  readonly name?: string | undefined;
  readonly half?: boolean;
}

/** A value that enters or leaves the graph; a text in its shape is a name for an open dimension. */
interface Port {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly (number | string)[];
}

/** Weights that are laid into files of their own. */
export interface ExternalFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Smaller weights stay in the graph, as exporters do it; ONNX Runtime's optimizer fails on external scalars. */
const MIN_EXTERNAL_VALUES = 16;

/** Builds one graph. Names are the caller's; every `node` call gives its first output's name. */
export class OnnxWriter {
  readonly #graph = new Message();
  readonly #external: { name: string; parts: Uint8Array[]; length: number }[];
  /** Graphs inside of operators. */
  readonly #inner: OnnxWriter[] = [];
  #weights = 0;
  #names = 0;

  /** `externalFiles`: names of files that weights are dealt to in turn; none keeps them inside the graph. */
  constructor(externalFiles: readonly string[] = []) {
    this.#graph.bytes(FIELD.graph.name, "test");
    this.#external = externalFiles.map((name) => ({ name, parts: [], length: 0 }));
  }

  input(port: Port): string {
    this.#graph.bytes(FIELD.graph.input, valueInfo(port));
    return port.name;
  }

  output(port: Port): void {
    this.#graph.bytes(FIELD.graph.output, valueInfo(port));
  }

  /** Adds the type and shape of a value inside the graph (`value_info`). */
  describe(port: Port): void {
    this.#graph.bytes(FIELD.graph.valueInfo, valueInfo(port));
  }

  /** A writer for a graph inside an operator, to be passed as the operator's attribute. */
  inner(externalFiles: readonly string[] = []): OnnxWriter {
    const inner = new OnnxWriter(externalFiles);
    this.#inner.push(inner);
    return inner;
  }

  /** A constant tensor of floats. */
  weight(dims: readonly number[], values: Float32Array, options: WeightOptions = {}): string {
    const { buffer, byteOffset, byteLength } = options.half ? toHalves(values) : values;
    const raw = new Uint8Array(buffer, byteOffset, byteLength);
    return this.#tensor(options.half ? "float16" : "float32", dims, raw, this.#file(values.length), options.name);
  }

  /** A constant tensor of bytes, such as packed codes. */
  codes(dims: readonly number[], values: Uint8Array, options: { readonly name?: string | undefined } = {}): string {
    return this.#tensor("uint8", dims, values, this.#file(values.length), options.name);
  }

  /** A constant tensor whose numbers somebody else writes, at this place of a file. */
  placed(
    type: ElementType,
    dims: readonly number[],
    {
      name,
      ...range
    }: { readonly name: string; readonly location: string; readonly offset: number; readonly length: number },
  ): string {
    this.#graph.bytes(FIELD.graph.initializer, tensorMessage({ name, type: elementNumber(type), dims }, range));
    return name;
  }

  /** A constant tensor of integers, always inside the graph. */
  integers(values: readonly number[], options: { scalar?: boolean } = {}): string {
    const raw = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    return this.#tensor("int64", options.scalar ? [] : [values.length], raw, undefined);
  }

  node(
    op: string,
    inputs: readonly string[],
    options: {
      outputs?: readonly string[];
      domain?: string;
      attributes?: Readonly<Record<string, Attribute>>;
      /** Name of the operator; one that tells nothing by default. */
      name?: string | undefined;
    } = {},
  ): string {
    const outputs = options.outputs ?? [this.#name(op)];
    const attributes = Object.entries(options.attributes ?? {}).map(([name, value]) => {
      return typeof value === "object" && "graph" in value
        ? attributeMessage(name, ATTRIBUTE_TYPE.graph).bytes(FIELD.attribute.graph, value.graph.#graph)
        : attribute(name, value);
    });
    const name = options.name ?? this.#name(`node_${op}`);
    const node = nodeMessage({ op, domain: options.domain, name, inputs, outputs, attributes });
    this.#graph.bytes(FIELD.graph.node, node);
    return outputs[0] ?? "";
  }

  /** A name that nothing in the graph has. */
  unusedName(kind: string): string {
    return this.#name(kind);
  }

  /** The file, and those with its weights. */
  build({ opset = 21 } = {}): { model: Uint8Array; external: readonly ExternalFile[] } {
    const model = new Message().varint(1, 10).bytes(2, "microgrid-test").bytes(FIELD.model.graph, this.#graph);
    model.bytes(8, new Message().bytes(1, "").varint(2, opset));
    model.bytes(8, new Message().bytes(1, "com.microsoft").varint(2, 1));
    return {
      model: model.build(),
      external: this.#externalFiles(),
    };
  }

  #externalFiles(): ExternalFile[] {
    const own = this.#external.map(({ name, parts }) => ({ name, bytes: concat(...parts) }));
    return [...own, ...this.#inner.flatMap((inner) => inner.#externalFiles())];
  }

  #tensor(
    type: ElementType,
    dims: readonly number[],
    raw: Uint8Array,
    file: { name: string; parts: Uint8Array[]; length: number } | undefined,
    givenName?: string,
  ): string {
    const name = givenName ?? this.#name("const");
    const range = file && { location: file.name, offset: file.length, length: raw.length };
    this.#graph.bytes(FIELD.graph.initializer, tensorMessage({ name, type: elementNumber(type), dims }, range ?? raw));
    if (file) {
      file.parts.push(raw);
      file.length += raw.length;
    }
    return name;
  }

  /** Where the next weight goes. */
  #file(values: number): { name: string; parts: Uint8Array[]; length: number } | undefined {
    if (values < MIN_EXTERNAL_VALUES) return undefined;
    return this.#external[this.#weights++ % Math.max(1, this.#external.length)];
  }

  #name(kind: string): string {
    return `${kind}_${this.#names++}`;
  }
}

function valueInfo({ name, type, shape }: Port): Message {
  return portMessage(name, elementNumber(type), shape);
}

/** The bits of half-precision numbers; what is too small for a normal one becomes 0. */
export function toHalves(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.slice().buffer);
  return Uint16Array.from(bits, (word) => {
    const exponent = ((word >>> 23) & 0xff) - 112;
    const sign = (word >>> 16) & 0x8000;
    if (exponent <= 0) return sign;
    return exponent >= 31 ? sign | 0x7bff : sign | ((((exponent << 23) | (word & 0x7fffff)) + 0x1000) >>> 13);
  });
}

function attributeMessage(name: string, type: number): Message {
  return new Message().bytes(FIELD.attribute.name, name).varint(FIELD.attribute.type, type);
}

function attribute(name: string, value: Exclude<Attribute, { readonly graph: OnnxWriter }>): Message {
  if (typeof value === "number") return intAttributeMessage(name, value);
  if (typeof value === "string") {
    return attributeMessage(name, ATTRIBUTE_TYPE.string).bytes(FIELD.attribute.string, value);
  }
  if ("float" in value) return attributeMessage(name, ATTRIBUTE_TYPE.float).float(FIELD.attribute.float, value.float);
  const message = attributeMessage(name, ATTRIBUTE_TYPE.ints);
  for (const item of value) message.varint(FIELD.attribute.ints, item);
  return message;
}
