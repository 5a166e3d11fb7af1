/**
 * Reads GGUF files: their metadata, and their tensors as bytes. Only for files whose hash is known, so a malformed file
 * ends in whatever error comes first.
 */

export type GgufValue = string | number | boolean | readonly GgufValue[];

/** A tensor as the file has it. */
export interface GgufTensor {
  readonly name: string;
  /** Numbers in a row come first, as the file has them: `[columns, rows]` for a matrix. */
  readonly dims: readonly number[];
  /** Number of the format of the values, see `FORMAT`. */
  readonly format: number;
  readonly bytes: Uint8Array;
}

/** A file, read. */
export interface Gguf {
  readonly metadata: ReadonlyMap<string, GgufValue>;
  /** The metadata with all before it, as the file has it. */
  readonly head: Uint8Array;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

/** The formats of tensors that are understood here. */
export const FORMAT = { float32: 0, q4_1: 3, q5_0: 6, q8_0: 8, q4_k: 12, q6_k: 14 } as const;

const MAGIC = 0x46554747;
const DEFAULT_ALIGNMENT = 32;

/** `file` is the whole file; tensors are views of it. */
export function readGguf(file: Uint8Array): Gguf {
  const reader = new Reader(file);
  if (reader.value(TYPE.uint32) !== MAGIC) throw new Error("This is not a GGUF file.");
  reader.value(TYPE.uint32); // The version; from 2 on, the layout is the same.
  const [tensorCount, valueCount] = [reader.length(), reader.length()];
  const metadata = new Map<string, GgufValue>();
  for (let index = 0; index < valueCount; index++) {
    metadata.set(reader.string(), reader.value(reader.uint32()));
  }
  const head = file.subarray(0, reader.at);
  const heads = Array.from({ length: tensorCount }, () => ({
    name: reader.string(),
    dims: Array.from({ length: reader.uint32() }, () => reader.length()),
    format: reader.uint32(),
    offset: reader.length(),
  }));
  const alignment = metadata.get("general.alignment") ?? DEFAULT_ALIGNMENT;
  const start = Math.ceil(reader.at / Number(alignment)) * Number(alignment);
  const tensors = heads.map(({ offset, ...tensor }): [string, GgufTensor] => {
    const size = tensor.dims.reduce((product, dim) => product * dim, 1);
    const bytes = file.subarray(start + offset, start + offset + tensorBytes(tensor.format, size));
    return [tensor.name, { ...tensor, bytes }];
  });
  return { metadata, head, tensors: new Map(tensors) };
}

/** The number under a key; throws if there is none. */
export function numberOf({ metadata }: Gguf, key: string): number {
  const value = metadata.get(key);
  if (typeof value !== "number") throw new Error(`The GGUF file has no number ${key}.`);
  return value;
}

/** The texts under a key; throws if there are none. */
export function stringsOf({ metadata }: Gguf, key: string): readonly string[] {
  const value = metadata.get(key);
  if (!Array.isArray(value)) throw new Error(`The GGUF file has no list ${key}.`);
  return value as readonly string[];
}

/** Numbers in a block, and its bytes, for each format. */
export const BLOCKS: Readonly<Record<number, readonly [numbers: number, bytes: number]>> = {
  [FORMAT.float32]: [1, 4],
  [FORMAT.q4_1]: [32, 20],
  [FORMAT.q5_0]: [32, 22],
  [FORMAT.q8_0]: [32, 34],
  [FORMAT.q4_k]: [256, 144],
  [FORMAT.q6_k]: [256, 210],
};

function tensorBytes(format: number, numbers: number): number {
  const block = BLOCKS[format];
  if (!block) throw new Error(`GGUF tensors of the format ${format} are not understood.`);
  return (numbers / block[0]) * block[1];
}

const TYPE = { uint32: 4, string: 8, array: 9, uint64: 10 } as const;

class Reader {
  at = 0;
  readonly #view: DataView;
  readonly #file: Uint8Array;
  /** A token may begin with a byte order mark. */
  readonly #text = new TextDecoder("utf-8", { ignoreBOM: true });

  constructor(file: Uint8Array) {
    this.#file = file;
    this.#view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  }

  uint32(): number {
    return this.#view.getUint32(this.#skip(4), true);
  }

  length(): number {
    return Number(this.#view.getBigUint64(this.#skip(8), true));
  }

  string(): string {
    const length = this.length();
    const start = this.#skip(length);
    return this.#text.decode(this.#file.subarray(start, start + length));
  }

  value(type: number): GgufValue {
    const view = this.#view;
    switch (type) {
      case 0:
        return view.getUint8(this.#skip(1));
      case 1:
        return view.getInt8(this.#skip(1));
      case 2:
        return view.getUint16(this.#skip(2), true);
      case 3:
        return view.getInt16(this.#skip(2), true);
      case TYPE.uint32:
        return this.uint32();
      case 5:
        return view.getInt32(this.#skip(4), true);
      case 6:
        return view.getFloat32(this.#skip(4), true);
      case 7:
        return view.getUint8(this.#skip(1)) !== 0;
      case TYPE.string:
        return this.string();
      case TYPE.array: {
        const [itemType, count] = [this.uint32(), this.length()];
        return Array.from({ length: count }, () => this.value(itemType));
      }
      case TYPE.uint64:
        return this.length();
      case 11:
        return Number(view.getBigInt64(this.#skip(8), true));
      case 12:
        return view.getFloat64(this.#skip(8), true);
      default:
        throw new Error(`GGUF values of the type ${type} are not understood.`);
    }
  }

  #skip(bytes: number): number {
    const start = this.at;
    this.at += bytes;
    return start;
  }
}
