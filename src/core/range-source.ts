/** Files that are read by ranges of bytes, wherever they are. */

/** A file that is read by ranges. */
export interface RangeSource {
  /** Size of the file, bytes. */
  readonly bytes: number;
  /** Returns exactly these bytes, which are inside of the file. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** A file that is here as a source of ranges. Reads reject with the signal's reason. */
export function fileSource(file: Blob, signal: AbortSignal): RangeSource {
  return {
    bytes: file.size,
    read: async (offset, length) => {
      const bytes = new Uint8Array(await file.slice(offset, offset + length).arrayBuffer());
      signal.throwIfAborted();
      return bytes;
    },
  };
}
