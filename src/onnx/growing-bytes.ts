/** Bytes in the making. */
import { graphTooLarge } from "./errors";

/** Collects bytes, at most `maxBytes`. */
export class GrowingBytes {
  #bytes = new Uint8Array(256);
  length = 0;
  readonly #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get view(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.length);
  }

  /** Throws `unsupported-model` if there is no room for these. */
  reserve(bytes: number): void {
    if (bytes > this.#maxBytes - this.length) throw graphTooLarge(this.#maxBytes);
  }

  append(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    const length = this.length + bytes.length;
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#bytes.length));
      larger.set(this.view);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.length);
    this.length = length;
  }
}
