/** Writes GGUF files, for tests and for the scripts that make models. */

/** A value with the type that it has in the file. */
export interface TypedValue {
  readonly type: number;
  readonly bytes: Uint8Array;
}

/** A tensor to be written. */
interface WrittenTensor {
  readonly name: string;
  /** Numbers in a row come first: `[columns, rows]` for a matrix. */
  readonly dims: readonly number[];
  /** See `formats.ts`. */
  readonly format: number;
  readonly bytes: Uint8Array;
}

const LIST = 9;
const ALIGNMENT = 32;

function numberBytes(bytes: number, write: (view: DataView) => void): Uint8Array {
  const view = new DataView(new ArrayBuffer(bytes));
  write(view);
  return new Uint8Array(view.buffer);
}

const uint32Bytes = (value: number): Uint8Array => numberBytes(4, (view) => view.setUint32(0, value, true));

/** A size or a count, as the format has them. */
export const sizeBytes = (value: number | bigint): Uint8Array =>
  numberBytes(8, (view) => view.setBigUint64(0, BigInt(value), true));

function textBytes(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  return joined([sizeBytes(bytes.length), bytes]);
}

/** The pieces one behind the other. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Values of metadata by their types. */
export const value = {
  uint32: (number: number): TypedValue => ({ type: 4, bytes: uint32Bytes(number) }),
  int32: (number: number): TypedValue => ({ type: 5, bytes: numberBytes(4, (view) => view.setInt32(0, number, true)) }),
  float32: (number: number): TypedValue => ({
    type: 6,
    bytes: numberBytes(4, (view) => view.setFloat32(0, number, true)),
  }),
  bool: (truth: boolean): TypedValue => ({ type: 7, bytes: Uint8Array.of(Number(truth)) }),
  text: (text: string): TypedValue => ({ type: 8, bytes: textBytes(text) }),
  /** A list of values of one type. */
  list: (items: readonly TypedValue[]): TypedValue => ({
    type: LIST,
    bytes: joined([uint32Bytes(items[0]?.type ?? 8), sizeBytes(items.length), ...items.map(({ bytes }) => bytes)]),
  }),
};

/** A file with these keys and tensors. Fields of `lies` replace what its head says. */
export function writeGguf(
  metadata: Readonly<Record<string, TypedValue>>,
  tensors: readonly WrittenTensor[] = [],
  lies: { readonly version?: number; readonly tensors?: number | bigint; readonly keys?: number | bigint } = {},
): Uint8Array<ArrayBuffer> {
  const keys = Object.entries(metadata);
  let offset = 0;
  const infos = tensors.flatMap(({ name, dims, format, bytes }) => {
    const place = sizeBytes(offset);
    offset += padded(bytes.length);
    return [textBytes(name), uint32Bytes(dims.length), ...dims.map(sizeBytes), uint32Bytes(format), place];
  });
  const head = joined([
    new TextEncoder().encode("GGUF"),
    uint32Bytes(lies.version ?? 3),
    sizeBytes(lies.tensors ?? tensors.length),
    sizeBytes(lies.keys ?? keys.length),
    ...keys.flatMap(([key, { type, bytes }]) => [textBytes(key), uint32Bytes(type), bytes]),
    ...infos,
  ]);
  return joined([head, padding(head.length), ...tensors.flatMap(({ bytes }) => [bytes, padding(bytes.length)])]);
}

const padded = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
const padding = (bytes: number): Uint8Array => new Uint8Array(padded(bytes) - bytes);
