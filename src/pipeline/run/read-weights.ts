/** Keeps the bytes of weights that were read, so that they can be read again without asking for them. */
import type { WeightSource } from "./packages";

/** Reads from a source and remembers what it gave. Blobs of a store stay on its disk. */
export class ReadWeights implements WeightSource {
  readonly #source: WeightSource;
  readonly #read: { readonly location: string; readonly offset: number; readonly blob: Blob }[] = [];

  constructor(source: WeightSource) {
    this.#source = source;
  }

  async read(location: string, offset: number, length: number, options: { signal: AbortSignal }): Promise<Blob> {
    const blob = await this.#source.read(location, offset, length, options);
    this.#read.push({ location, offset, blob });
    return blob;
  }

  /** Gives what was read before, with zeros in the gaps: a request may reach over bytes that nobody needs. */
  get again(): WeightSource {
    return {
      read: async (location, offset, length) => {
        const parts: BlobPart[] = [];
        let at = offset;
        const sorted = this.#read.filter((each) => each.location === location).sort((a, b) => a.offset - b.offset);
        for (const { offset: start, blob } of sorted) {
          const from = Math.max(at, start);
          const to = Math.min(offset + length, start + blob.size);
          if (from >= to) continue;
          parts.push(new Uint8Array(from - at), blob.slice(from - start, to - start));
          at = to;
        }
        return new Blob([...parts, new Uint8Array(offset + length - at)]);
      },
    };
  }
}
