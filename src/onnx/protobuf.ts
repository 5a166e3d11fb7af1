/** The wire format of protocol buffers, as far as ONNX files need it: reads fields one by one, and writes messages. */

/** One field of a message. */
export interface ProtobufField {
  readonly number: number;
  /** A varint's value, exact up to 2^53; undefined for other wire types. */
  readonly value: number | undefined;
  /** Content of a length-delimited field; a view. Undefined for numbers. */
  readonly bytes: Uint8Array | undefined;
  /** The whole field, including its tag; a view. */
  readonly raw: Uint8Array;
}

/** The fields of one message, without copying. Throws `RangeError` if the bytes are not a message. */
export function* protobufFields(bytes: Uint8Array): Generator<ProtobufField> {
  for (let at = 0; at < bytes.length;) {
    const { number, value, bytes: head, content } = protobufHead(bytes, at);
    const start = at;
    at += head + (content ?? 0);
    if (at > bytes.length) throw new RangeError("protobuf: field reaches past the end");
    const inside = content === undefined ? undefined : bytes.subarray(at - content, at);
    yield { number, value, bytes: inside, raw: bytes.subarray(start, at) };
  }
}

/** The beginning of a field: all that lies before its content, or the whole field if it is a number. */
export interface ProtobufHead {
  readonly number: number;
  /** As in `ProtobufField`. */
  readonly value: number | undefined;
  /** Size of the head itself. */
  readonly bytes: number;
  /** Size of the content behind it, in bytes, as the field claims; undefined for numbers. */
  readonly content: number | undefined;
}

/** Most bytes that a head can have: a tag, and a number of any kind. */
export const MAX_HEAD_BYTES = 20;

/** Reads the head at `at`. Throws `RangeError` if there is none, or only a part of one. */
export function protobufHead(bytes: Uint8Array, at: number): ProtobufHead {
  const reader = new Reader(bytes, at);
  const tag = reader.varint();
  const number = Math.floor(tag / 8);
  if (number === 0) throw new RangeError("protobuf: field number 0");
  let value: number | undefined;
  let content: number | undefined;
  if (tag % 8 === 0) value = reader.varint();
  else if (tag % 8 === 2) content = reader.varint();
  else if (tag % 8 === 1 || tag % 8 === 5) reader.pass(tag % 8 === 1 ? 8 : 4);
  else throw new RangeError(`protobuf: wire type ${tag % 8}`);
  return { number, value, bytes: reader.at - at, content };
}

/** Numbers of a repeated field, which may be single or packed. Throws `RangeError` if the bytes are not numbers. */
export function protobufNumbers({ value, bytes }: ProtobufField): readonly number[] {
  if (value !== undefined) return [value];
  const numbers: number[] = [];
  for (const reader = new Reader(bytes ?? new Uint8Array()); !reader.done;) numbers.push(reader.varint());
  return numbers;
}

/** A position in some bytes. */
class Reader {
  at: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.at = at;
  }

  get done(): boolean {
    return this.at >= this.#bytes.length;
  }

  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#bytes[this.at++];
      if (byte === undefined) break;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError("protobuf: number without end");
  }

  pass(count: number): void {
    if (count > this.#bytes.length - this.at) throw new RangeError("protobuf: field reaches past the end");
    this.at += count;
  }
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** A text field's content. */
export function protobufText(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Writes a message field by field, in the order of the calls. */
export class ProtobufMessage {
  readonly #parts: Uint8Array[] = [];

  varint(field: number, value: number | bigint): this {
    return this.raw(varint((BigInt(field) << 3n) | 0n), varint(BigInt.asUintN(64, BigInt(value))));
  }

  float(field: number, value: number): this {
    return this.raw(varint((BigInt(field) << 3n) | 5n), new Uint8Array(new Float32Array([value]).buffer));
  }

  bytes(field: number, value: Uint8Array | string | ProtobufMessage): this {
    const content =
      typeof value === "string" ? encoder.encode(value) : value instanceof ProtobufMessage ? value.build() : value;
    return this.raw(varint((BigInt(field) << 3n) | 2n), varint(BigInt(content.length)), content);
  }

  /** Adds whole fields as they were read (`ProtobufField.raw`). */
  raw(...fields: Uint8Array[]): this {
    this.#parts.push(...fields);
    return this;
  }

  build(): Uint8Array<ArrayBuffer> {
    // Not `concat`: a message may have more parts than a call can have arguments.
    const whole = new Uint8Array(this.#parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.#parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  for (; value >= 0x80n; value >>= 7n) bytes.push(Number(value & 0x7fn) | 0x80);
  return Uint8Array.from([...bytes, Number(value)]);
}
