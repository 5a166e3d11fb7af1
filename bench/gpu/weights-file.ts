/** Files of random weights that are nowhere: each stretch of a file repeats a pattern, and is made when it is read. */

/** A stretch of a file: `length` bytes of the pattern, over and over, from its byte `start` on. */
export interface Stretch {
  readonly length: number;
  readonly pattern: Uint8Array;
  readonly start: number;
}

/** Where a weight lies in the file that a graph names. */
export interface WeightPlace {
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

/** One file of weights. */
export class WeightsFile {
  readonly #location: string;
  readonly #stretches: Stretch[] = [];
  #size = 0;

  /** `location` is the name that the graph has for the file. */
  constructor(location: string) {
    this.#location = location;
  }

  /** Bytes so far. */
  get size(): number {
    return this.#size;
  }

  /** Appends a weight that consists of these stretches. */
  add(...stretches: readonly Stretch[]): WeightPlace {
    const offset = this.#size;
    for (const stretch of stretches) {
      this.#stretches.push(stretch);
      this.#size += stretch.length;
    }
    return { location: this.#location, offset, length: this.#size - offset };
  }

  /** Its bytes, in pieces that are not longer than a pattern. They must not be changed. */
  *read(): Generator<Uint8Array> {
    for (const { length, pattern, start } of this.#stretches) {
      for (let at = 0; at < length;) {
        const inPattern = (start + at) % pattern.length;
        const count = Math.min(pattern.length - inPattern, length - at);
        yield pattern.subarray(inPattern, inPattern + count);
        at += count;
      }
    }
  }
}
