/** Random numbers that files of weights repeat. Their counts are primes, so that no two rows of a matrix are alike. */
import { toHalves } from "../../src/inference/testing/onnx-writer";
import type { Stretch } from "./weights-file";

const CODES = 4_194_301;
const FLOATS = 1_048_573;
const SEED = 0x9e3779b9;
/** Stretches begin this many numbers apart from each other in their pattern. */
const STEP = 611_953;
/**
 * The root mean square of codes from −7 to 7, where 0 is twice as likely as the others: random halves of bytes around the middle,
 * but that the lowest is replaced by the middle, so that their mean is 0.
 */
export const CODE_SPREAD = Math.sqrt((2 * (7 * 8 * 15)) / 6 / 16);

/** The patterns so far: other models need the same. */
const PATTERNS = new Map<string, Uint8Array>();

/** Gives stretches of random numbers, each another one. The same calls give the same bytes. */
export class Patterns {
  readonly #half: boolean;
  #stretches = 0;

  /** `half`: numbers have 16 bits instead of 32. */
  constructor(half: boolean) {
    this.#half = half;
  }

  /** Codes of 4 bits, two in a byte, with the mean 8. */
  codes(count: number): Stretch {
    return this.#stretch(kept("codes", randomCodes), count / 2, 1);
  }

  /** Numbers that are equally likely between `low` and `high`. */
  floats(count: number, low: number, high: number): Stretch {
    const pattern = kept(`${low} ${high} ${this.#half}`, () => this.#bytesOf(randomFloats(low, high)));
    const bytes = this.#half ? 2 : 4;
    return this.#stretch(pattern, count * bytes, bytes);
  }

  #stretch(pattern: Uint8Array, length: number, unit: number): Stretch {
    const start = (this.#stretches++ * STEP * unit) % pattern.length;
    return { length, pattern, start };
  }

  #bytesOf(values: Float32Array): Uint8Array {
    const { buffer, byteOffset, byteLength } = this.#half ? toHalves(values) : values;
    return new Uint8Array(buffer, byteOffset, byteLength);
  }
}

function kept(key: string, make: () => Uint8Array): Uint8Array {
  let pattern = PATTERNS.get(key);
  if (!pattern) PATTERNS.set(key, (pattern = make()));
  return pattern;
}

function randomCodes(): Uint8Array {
  const random = randomWords();
  const code = (bits: number): number => bits & 15 || 8;
  return new Uint8Array(CODES).map(() => {
    const bits = random() >>> 24;
    return code(bits) | (code(bits >>> 4) << 4);
  });
}

function randomFloats(low: number, high: number): Float32Array {
  const random = randomWords();
  return new Float32Array(FLOATS).map(() => low + ((high - low) * random()) / 2 ** 32);
}

/** Random words by xorshift, which takes a few nanoseconds for each. */
function randomWords(): () => number {
  let state = SEED;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}
