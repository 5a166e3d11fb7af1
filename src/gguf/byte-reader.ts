/** Reads the numbers and texts of a GGUF header from front to back, in few requests and bounded memory. */
import type { RangeSource } from "../core";
import { notGguf } from "./errors";

/** The first read. Headers have 2 to 15 MB, nearly all of it the vocabulary. */
const FIRST_READ_BYTES = 2 ** 19;
/** Reads double up to this, so that most headers take fewer than six requests. */
const LONGEST_READ_BYTES = 2 ** 23;
/** The longest header that is read: four times that of the largest vocabularies. */
const MAX_HEADER_BYTES = 2 ** 26;
/** The longest text: chat templates have up to 100 kB. */
const MAX_TEXT_BYTES = 2 ** 22;

/** The position in a file, and the bytes from there on that are already read. */
export class ByteReader {
  readonly #source: RangeSource;
  /** A token may begin with a byte order mark. */
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  /** Bytes of the file from `#start` on. */
  #view = new DataView(new ArrayBuffer(0));
  #start = 0;
  #at = 0;

  constructor(source: RangeSource) {
    this.#source = source;
  }

  /** The place in the file, bytes from its beginning. */
  get at(): number {
    return this.#start + this.#at;
  }

  /** The bytes of the file that have not been passed. */
  get left(): number {
    return this.#source.bytes - this.at;
  }

  /** True if the next bytes can be taken without reading. */
  has(bytes: number): boolean {
    return this.#at + bytes <= this.#view.byteLength;
  }

  /** Reads on until the next bytes can be taken. Throws `not-a-model` if the file ends before that, or its header is endless. */
  async load(bytes: number): Promise<void> {
    if (this.has(bytes)) return;
    if (bytes > this.left) throw notGguf("it ends in the middle of its header");
    if (this.at + bytes > MAX_HEADER_BYTES) throw notGguf("its header is longer than that of any model");
    const rest = new Uint8Array(this.#view.buffer, this.#view.byteOffset + this.#at, this.#view.byteLength - this.#at);
    const [start, next] = [this.at, this.at + rest.length];
    const wanted = Math.min(Math.max(next, FIRST_READ_BYTES), LONGEST_READ_BYTES);
    const length = Math.min(Math.max(wanted, bytes - rest.length), this.#source.bytes - next);
    const read = await this.#source.read(next, length);
    const window = new Uint8Array(rest.length + length);
    window.set(rest);
    window.set(read, rest.length);
    this.#view = new DataView(window.buffer);
    [this.#start, this.#at] = [start, 0];
  }

  /** Takes a number; `bytes` from here on must be loaded. */
  take<T>(bytes: number, read: (view: DataView, at: number) => T): T {
    const value = read(this.#view, this.#at);
    this.#at += bytes;
    return value;
  }

  async uint32(): Promise<number> {
    await this.load(4);
    return this.take(4, (view, at) => view.getUint32(at, true));
  }

  /** A size or a count. `what` names it if it is larger than the whole file, which no size or count is. */
  async size(what: string): Promise<number> {
    await this.load(8);
    const value = this.take(8, (view, at) => view.getBigUint64(at, true));
    if (value > BigInt(this.#source.bytes)) throw notGguf(`${what} is larger than the file`);
    return Number(value);
  }

  /** A text with its length before it. */
  async text(maxBytes = MAX_TEXT_BYTES): Promise<string> {
    const length = await this.size("the length of a text");
    if (length > maxBytes) throw notGguf("a text in its header is too long");
    await this.load(length);
    return this.take(length, (view, at) => this.#decoder.decode(new Uint8Array(view.buffer, at, length)));
  }
}
