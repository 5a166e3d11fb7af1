/** Reads a graph file from front to back, and jumps over weights. */
import type { RangeSource } from "../core";
import { damaged } from "./errors";
import type { GrowingBytes } from "./growing-bytes";
import { JumpGuesser } from "./jumps";
import { MAX_HEAD_BYTES, type ProtobufHead, protobufHead } from "./protobuf";

interface ReaderOptions {
  /** See `SkeletonOptions`. */
  readonly readsAtOnce: number;
  readonly onProgress: ((passedBytes: number) => void) | undefined;
}

/** Fields that are read: many times as many as real files have. It ends the reading of files made of empty fields. */
const MAX_FIELDS = 2 ** 20;
/** Bytes that are read after a jump: the head of a weight, and small weights behind it. */
const FIRST_READ_BYTES = 16 * 2 ** 10;
/** Reads grow up to this while there are no jumps. */
const LONGEST_READ_BYTES = 4 * 2 ** 20;
/** A guessed read begins this much before the place that is guessed, which may be wrong by some bytes. */
const GUESS_MARGIN_BYTES = 256;

/** A read that was started before its place was reached. */
interface GuessedRead {
  readonly from: number;
  readonly to: number;
  readonly bytes: Promise<Uint8Array>;
}

/** The position in a file, and the bytes around it. */
export class ForwardReader {
  at = 0;
  readonly #source: RangeSource;
  readonly #options: ReaderOptions;
  readonly #guesser = new JumpGuesser();
  /** In the order of their places. */
  #guessed: GuessedRead[] = [];
  /** Bytes of the file from `#start` on. */
  #window: Uint8Array = new Uint8Array();
  #start = 0;
  #fields = 0;

  constructor(source: RangeSource, options: ReaderOptions) {
    this.#source = source;
    this.#options = options;
  }

  /** The head of the next field, which ends before `end`. Throws `RangeError` for broken bytes. */
  async head(end: number): Promise<ProtobufHead> {
    if (++this.#fields > MAX_FIELDS) throw damaged(`it has more than ${MAX_FIELDS} fields`);
    const bytes = Math.min(MAX_HEAD_BYTES, end - this.at);
    if (this.#ahead < bytes) await this.#load(bytes);
    return protobufHead(this.#window.subarray(0, this.at - this.#start + bytes), this.at - this.#start);
  }

  /** Goes on to `end`, and appends what lies before it to `target`. */
  async copy(end: number, target: GrowingBytes): Promise<void> {
    // A length that lies costs nothing.
    target.reserve(end - this.at);
    while (this.at < end) {
      if (this.#ahead === 0) await this.#load(1);
      const from = this.at - this.#start;
      const bytes = Math.min(this.#ahead, end - this.at);
      target.append(this.#window.subarray(from, from + bytes));
      this.at += bytes;
    }
  }

  skip(bytes: number): void {
    this.at += bytes;
  }

  /** Bytes from `at` on that are in the window. */
  get #ahead(): number {
    return Math.max(0, this.#start + this.#window.length - this.at);
  }

  /** Moves the window, so that it has `bytes` from `at` on. */
  async #load(bytes: number): Promise<void> {
    const end = this.#start + this.#window.length;
    const isJump = this.at > end;
    if (isJump) this.#guess();
    const guessed = isJump && this.#guessed.find(({ from, to }) => from <= this.at && this.at + bytes <= to);
    const rest = this.#window.slice(this.#window.length - this.#ahead);
    const next = this.at + rest.length;
    if (guessed) this.#window = (await guessed.bytes).subarray(this.at - guessed.from);
    else {
      const wanted = isJump ? 0 : Math.min(2 * this.#window.length, LONGEST_READ_BYTES);
      const length = Math.min(Math.max(wanted, FIRST_READ_BYTES, bytes - rest.length), this.#source.bytes - next);
      this.#window = joined(rest, await this.#source.read(next, length));
    }
    this.#start = this.at;
    this.#options.onProgress?.(this.at);
  }

  /** Starts to read where the next jumps will probably lead. */
  #guess(): void {
    this.#guessed = this.#guessed.filter(({ to }) => to > this.at);
    const { readsAtOnce } = this.#options;
    if (readsAtOnce < 2) return;
    for (const place of this.#guesser.next(this.at, readsAtOnce - 1)) {
      const from = place - GUESS_MARGIN_BYTES;
      const to = Math.min(place + FIRST_READ_BYTES, this.#source.bytes);
      const isKnown = this.#guessed.some((read) => read.from <= place && place + GUESS_MARGIN_BYTES <= read.to);
      if (isKnown || place >= this.#source.bytes || this.#guessed.length >= readsAtOnce) continue;
      const bytes = this.#source.read(from, to - from);
      // The error is thrown if the bytes turn out to be needed.
      bytes.catch(() => undefined);
      this.#guessed.push({ from, to, bytes });
    }
  }
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}
