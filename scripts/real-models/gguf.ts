/** GGUF files whole: their metadata, and their tensors as bytes. */
import { fileSource } from "../../src/core";
import { type GgufMetadata, readGgufHeader } from "../../src/gguf";

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
  readonly metadata: GgufMetadata;
  /** The metadata with all before it, as the file has it. */
  readonly head: Uint8Array;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

/** `file` is the whole file; tensors are views of it. */
export async function readGguf(file: Uint8Array<ArrayBuffer>): Promise<Gguf> {
  const header = await readGgufHeader(fileSource(new Blob([file]), new AbortController().signal));
  const tensors = header.tensors.map(({ name, dims, format, at, bytes }): [string, GgufTensor] => {
    if (bytes === undefined) throw new Error(`GGUF tensors of the format ${format} are not understood.`);
    return [name, { name, dims, format, bytes: file.subarray(at, at + bytes) }];
  });
  return { metadata: header.metadata, head: file.subarray(0, header.metadataBytes), tensors: new Map(tensors) };
}

/** The number under a key; throws if there is none. */
export function numberOf({ metadata }: Gguf, key: string): number {
  const value = metadata.get(key);
  if (typeof value !== "number") throw new Error(`The GGUF file has no number ${key}.`);
  return value;
}
