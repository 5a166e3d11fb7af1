/** Files with weights for the builds of ONNX Runtime that want bytes, without reading whole files into memory. */

/** Only the types of workers have it. */
declare const FileReaderSync: (new () => { readAsArrayBuffer(blob: Blob): ArrayBuffer }) | undefined;

/**
 * Looks like the bytes of a file to ONNX Runtime's loader, which asks for their number and for one weight after another, and
 * copies each into its own memory. Each is read when it is asked for. It exists only in workers; elsewhere, and in builds that
 * read blobs by themselves, use the blob.
 */
class LazyBytes extends Uint8Array {
  readonly #file: Blob;
  readonly #reader: { readAsArrayBuffer(blob: Blob): ArrayBuffer };

  constructor(file: Blob, Reader: NonNullable<typeof FileReaderSync>) {
    super(0);
    this.#file = file;
    this.#reader = new Reader();
  }

  override get byteLength(): number {
    return this.#file.size;
  }

  override subarray(begin = 0, end = this.#file.size): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#reader.readAsArrayBuffer(this.#file.slice(begin, end)));
  }
}

/** The file's bytes, read part by part where that is possible here, otherwise the file. */
export function lazyBytes(file: Blob): Blob | Uint8Array {
  return typeof FileReaderSync === "undefined" ? file : new LazyBytes(file, FileReaderSync);
}
