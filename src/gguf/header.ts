/**
 * Reads the header of a GGUF file: its metadata, and where its tensors lie. Source of the layout: `docs/gguf.md` in the
 * repository of ggml. Files that llama.cpp refuses are refused here too: lists in lists, keys that stand twice, version 1.
 */
import type { RangeSource } from "../core";
import { ByteReader } from "./byte-reader";
import { notGguf } from "./errors";
import { blockOf } from "./formats";

/** A number, a text or a list of these. Integers beyond 2⁵³ are rounded. */
type GgufValue = string | number | boolean | readonly (string | number | boolean)[];

/** The keys of a file with their values. */
export type GgufMetadata = ReadonlyMap<string, GgufValue>;

/** Where a tensor lies. */
interface GgufTensorPlace {
  readonly name: string;
  /** Numbers in a row come first: `[columns, rows]` for a matrix. */
  readonly dims: readonly number[];
  /** Number of the format of the values, see `formats.ts`. */
  readonly format: number;
  /** The first byte, from the beginning of the file. */
  readonly at: number;
  /** Size in bytes; undefined if the format is not known. */
  readonly bytes: number | undefined;
}

/** Everything that stands before the weights. */
export interface GgufHeader {
  readonly metadata: GgufMetadata;
  /** Bytes of the file up to where the metadata ends, and the list of tensors begins. */
  readonly metadataBytes: number;
  readonly tensors: readonly GgufTensorPlace[];
  /** Where the weights begin, bytes from the beginning of the file. */
  readonly dataAt: number;
}

/** The letters `GGUF`. */
const MAGIC = 0x46554747;
const VERSIONS: readonly number[] = [2, 3];
const DEFAULT_ALIGNMENT = 32;
const MAX_ALIGNMENT = 2 ** 16;
/** Keys that are read: real files have up to 100. */
const MAX_KEYS = 4096;
/** Tensors that are read: those of the largest models with experts are 3,000. */
const MAX_TENSORS = 2 ** 16;
/** Entries of all lists together: a vocabulary of 262,000 tokens with merges has 1.3 million. */
const MAX_ENTRIES = 2 ** 22;
/** The specification's limit for keys, which names of tensors keep as well. */
const MAX_NAME_BYTES = 2 ** 16 - 1;
/** The most dimensions in ggml. */
const MAX_DIMS = 4;

/** Numbers by their type: bytes, and how they are read. */
const NUMBERS: Readonly<Record<number, readonly [bytes: number, (view: DataView, at: number) => number | boolean]>> = {
  0: [1, (view, at) => view.getUint8(at)],
  1: [1, (view, at) => view.getInt8(at)],
  2: [2, (view, at) => view.getUint16(at, true)],
  3: [2, (view, at) => view.getInt16(at, true)],
  4: [4, (view, at) => view.getUint32(at, true)],
  5: [4, (view, at) => view.getInt32(at, true)],
  6: [4, (view, at) => view.getFloat32(at, true)],
  7: [1, (view, at) => view.getUint8(at) !== 0],
  10: [8, (view, at) => Number(view.getBigUint64(at, true))],
  11: [8, (view, at) => Number(view.getBigInt64(at, true))],
  12: [8, (view, at) => view.getFloat64(at, true)],
};
const TEXT = 8;
const LIST = 9;
/** The fewest bytes of a text: its length. */
const LEAST_TEXT_BYTES = 8;

/**
 * Reads the header of a file that lies anywhere, and nothing behind it. Rejects with `not-a-model` if the file is something
 * else, is shorter than its header says, or contradicts itself; otherwise as `source.read` does.
 */
export async function readGgufHeader(source: RangeSource): Promise<GgufHeader> {
  const reader = new ByteReader(source);
  if (source.bytes < 4 || (await reader.uint32()) !== MAGIC) throw notGguf("it does not begin with the letters GGUF");
  const version = await reader.uint32();
  if (!VERSIONS.includes(version)) throw notGguf(`its version is ${versionName(version)}, but only 2 and 3 are known`);
  const [tensorCount, keyCount] = [await reader.size("the number of tensors"), await reader.size("the number of keys")];
  if (tensorCount > MAX_TENSORS) throw notGguf(`it has more than ${MAX_TENSORS} tensors`);
  if (keyCount > MAX_KEYS) throw notGguf(`it has more than ${MAX_KEYS} keys`);
  const metadata = await readMetadata(reader, keyCount);
  const metadataBytes = reader.at;
  const heads: TensorHead[] = [];
  for (let index = 0; index < tensorCount; index++) heads.push(await readTensorHead(reader));
  const alignment = alignmentOf(metadata);
  const dataAt = Math.ceil(reader.at / alignment) * alignment;
  return { metadata, metadataBytes, tensors: placed(heads, dataAt, alignment, source.bytes), dataAt };
}

/** A version of files for the other order of bytes looks huge. */
function versionName(version: number): string {
  return version >= 2 ** 16 ? "for computers with another order of bytes" : `${version}`;
}

async function readMetadata(reader: ByteReader, count: number): Promise<GgufMetadata> {
  const metadata = new Map<string, GgufValue>();
  const budget = { entries: MAX_ENTRIES };
  for (let index = 0; index < count; index++) {
    const key = await reader.text(MAX_NAME_BYTES);
    if (metadata.has(key)) throw notGguf("a key stands twice in its header");
    metadata.set(key, await readValue(reader, budget));
  }
  return metadata;
}

async function readValue(reader: ByteReader, budget: { entries: number }): Promise<GgufValue> {
  const type = await reader.uint32();
  if (type !== LIST) return readOne(reader, type);
  const [itemType, count] = [await reader.uint32(), await reader.size("the length of a list")];
  const [bytes, read] = NUMBERS[itemType] ?? [];
  if (count * (bytes ?? LEAST_TEXT_BYTES) > reader.left) throw notGguf("it ends in the middle of a list");
  budget.entries -= count;
  if (budget.entries < 0) throw notGguf("its lists are longer than those of any model");
  const items: (string | number | boolean)[] = [];
  if (read && bytes !== undefined) {
    await reader.load(count * bytes);
    for (let index = 0; index < count; index++) items.push(reader.take(bytes, read));
  } else for (let index = 0; index < count; index++) items.push(await readOne(reader, itemType));
  return items;
}

async function readOne(reader: ByteReader, type: number): Promise<string | number | boolean> {
  if (type === TEXT) return reader.text();
  const number = NUMBERS[type];
  if (!number) throw notGguf(`its header has a value of the unknown type ${type}`);
  await reader.load(number[0]);
  return reader.take(...number);
}

type TensorHead = Pick<GgufTensorPlace, "name" | "dims" | "format"> & { readonly offset: number };

async function readTensorHead(reader: ByteReader): Promise<TensorHead> {
  const name = await reader.text(MAX_NAME_BYTES);
  const rank = await reader.uint32();
  if (rank > MAX_DIMS) throw notGguf(`a tensor has more than ${MAX_DIMS} dimensions`);
  const dims: number[] = [];
  // Even 1-bit numbers are fewer than eight times the bytes of the file; `placed` checks their product.
  for (let index = 0; index < rank; index++) dims.push(await reader.size("a dimension of a tensor"));
  return { name, dims, format: await reader.uint32(), offset: await reader.size("the place of a tensor") };
}

function alignmentOf(metadata: GgufMetadata): number {
  const alignment = metadata.get("general.alignment") ?? DEFAULT_ALIGNMENT;
  const valid = typeof alignment === "number" && alignment >= 1 && alignment <= MAX_ALIGNMENT;
  if (!valid || !Number.isInteger(Math.log2(alignment)))
    throw notGguf("the alignment of its tensors is no power of two");
  return alignment;
}

/** Checks that all tensors lie inside of the file and have room beside each other. */
function placed(
  heads: readonly TensorHead[],
  dataAt: number,
  alignment: number,
  fileBytes: number,
): readonly GgufTensorPlace[] {
  let total = 0;
  return heads.map(({ offset, ...head }) => {
    const numbers = head.dims.reduce((product, dim) => product * dim, 1);
    const block = blockOf(head.format);
    const bytes = block && (numbers / block[0]) * block[1];
    total += bytes ?? 0;
    if (offset % alignment !== 0) throw notGguf("a tensor does not lie where tensors may begin");
    if (bytes !== undefined && !Number.isSafeInteger(bytes))
      throw notGguf("the size of a tensor is no number of bytes");
    if (dataAt + offset + (bytes ?? 0) > fileBytes || dataAt + total > fileBytes) {
      throw notGguf("it is shorter than its tensors, so it was not downloaded to the end");
    }
    return { ...head, at: dataAt + offset, bytes };
  });
}
