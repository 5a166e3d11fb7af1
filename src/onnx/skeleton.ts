/**
 * Reads a graph file without its weights. Exporters write models of up to 2 GB as one file; its skeleton has kilobytes, and
 * says of each weight where in the file it lies.
 */
import { damaged, graphTooLarge, notAModel } from "./errors";
import { MAX_HEAD_BYTES, type ProtobufHead, protobufHead, ProtobufMessage as Message } from "./protobuf";
import { FIELD } from "./schema";
import { placed, type WeightRange } from "./writer";

/** A file that is read by ranges. */
export interface RangeSource {
  /** Size of the file, bytes. */
  readonly bytes: number;
  /** Returns exactly these bytes, which are inside of the file. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

interface SkeletonOptions {
  /** Largest skeleton to make, bytes; by default as large as a file can be. */
  readonly maxBytes?: number;
  /** Called as reading goes on, with the bytes of the file that are read or passed over. */
  readonly onProgress?: (passedBytes: number) => void;
}

/** Protobuf readers refuse larger files, so no exporter writes them. */
const MAX_FILE_BYTES = 2 ** 31;
/** Larger weights are left out. Smaller ones hold shapes and scalars, which ONNX Runtime wants to see in the graph. */
const MAX_INLINE_BYTES = 1024;
/** Fields outside of operators: many times as many as real files have. It ends the reading of files made of empty fields. */
const MAX_FIELDS = 2 ** 20;
/** Bytes that are read after a jump: the head of a weight, and small weights behind it. */
const FIRST_READ_BYTES = 32 * 2 ** 10;
/** Reads grow up to this while there are no jumps. */
const LONGEST_READ_BYTES = 4 * 2 ** 20;

/**
 * The graph with the content of its large initializers replaced by external data: `location`, which should be the file's own
 * name, with an offset and a length. Weights in other places than `raw_data` stay, and so do those inside of operators. Each
 * byte of the file is read at most once. The same file gives the same skeleton everywhere.
 *
 * Throws `not-a-model` for files that are not ONNX models, `file-corrupt` for damaged ones, `unsupported-model` if the
 * skeleton exceeds `maxBytes`, and errors of the source. The graph itself is not checked: use `readGraph`.
 */
export async function readSkeleton(
  source: RangeSource,
  location: string,
  { maxBytes = MAX_FILE_BYTES, onProgress }: SkeletonOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  if (source.bytes > MAX_FILE_BYTES) throw damaged(`it has ${source.bytes} bytes, more than such a file can have`);
  const file = new ForwardReader(source, onProgress);
  const model = new GrowingBytes(maxBytes);
  try {
    await eachField(file, source.bytes, async (head, end) => {
      if (head.number !== FIELD.model.graph) return file.copy(end, model);
      const graph = new GrowingBytes(maxBytes);
      file.skip(head.bytes);
      await copyGraph(file, end, { location, graph, maxBytes });
      model.append(new Message().bytes(head.number, graph.view).build());
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw model.length > 0 ? damaged("it ends early or has gaps", error) : notAModel(error);
  }
  onProgress?.(source.bytes);
  return model.view.slice();
}

async function copyGraph(
  file: ForwardReader,
  end: number,
  { location, graph, maxBytes }: { readonly location: string; readonly graph: GrowingBytes; readonly maxBytes: number },
): Promise<void> {
  await eachField(file, end, async (head, fieldEnd) => {
    if (head.number !== FIELD.graph.initializer || head.content === undefined) return file.copy(fieldEnd, graph);
    file.skip(head.bytes);
    const rest = new GrowingBytes(maxBytes);
    const range = await copyTensor(file, fieldEnd, { location, rest });
    const tensor = new Message().raw(rest.view);
    graph.append(new Message().bytes(head.number, range ? placed(tensor, range) : tensor).build());
  });
}

/** Copies a tensor to `rest` without its content, if that is large; returns where the content lies. */
async function copyTensor(
  file: ForwardReader,
  end: number,
  { location, rest }: { readonly location: string; readonly rest: GrowingBytes },
): Promise<WeightRange | undefined> {
  let range: WeightRange | undefined;
  let isExternal = false;
  await eachField(file, end, async ({ number, bytes, content = 0 }, fieldEnd) => {
    if (number === FIELD.tensor.raw && content > MAX_INLINE_BYTES) {
      range = { location, offset: file.at + bytes, length: content };
      file.skip(bytes + content);
      return;
    }
    isExternal ||= number === FIELD.tensor.external;
    await file.copy(fieldEnd, rest);
  });
  if (range && isExternal) throw damaged("one of its weights lies both inside of it and in another file");
  return range;
}

/** Calls `visit` for each field up to `end`. It is called at the field's head, and has to move the reader to the field's end. */
async function eachField(
  file: ForwardReader,
  end: number,
  visit: (head: ProtobufHead, end: number) => Promise<void>,
): Promise<void> {
  while (file.at < end) {
    const head = await file.head(end);
    const fieldEnd = file.at + head.bytes + (head.content ?? 0);
    if (fieldEnd > end) throw new RangeError("protobuf: field reaches past the end");
    await visit(head, fieldEnd);
  }
}

/** Reads a file from front to back, with jumps. */
class ForwardReader {
  at = 0;
  readonly #source: RangeSource;
  readonly #onProgress: SkeletonOptions["onProgress"];
  /** Bytes of the file from `#start` on. */
  #window = new Uint8Array();
  #start = 0;
  #fields = 0;

  constructor(source: RangeSource, onProgress: SkeletonOptions["onProgress"]) {
    this.#source = source;
    this.#onProgress = onProgress;
  }

  /** The head of the next field, which ends before `end`. */
  async head(end: number): Promise<ProtobufHead> {
    if (++this.#fields > MAX_FIELDS) throw damaged(`it has more than ${MAX_FIELDS} fields`);
    const bytes = Math.min(MAX_HEAD_BYTES, end - this.at);
    if (this.#ahead < bytes) await this.#load(bytes);
    return protobufHead(this.#window.subarray(0, this.at - this.#start + bytes), this.at - this.#start);
  }

  /** Goes on to `end`, and appends what lies before it to `target`. */
  async copy(end: number, target: GrowingBytes): Promise<void> {
    // So that a length that lies costs nothing.
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
    const offset = this.at - this.#start;
    return Math.max(0, this.#window.length - offset);
  }

  /** Moves the window, so that it has `bytes` from `at` on. */
  async #load(bytes: number): Promise<void> {
    const rest = this.#window.slice(this.#window.length - this.#ahead);
    const next = this.at + rest.length;
    const goesOn = next === this.#start + this.#window.length;
    const wanted = goesOn ? Math.min(2 * this.#window.length, LONGEST_READ_BYTES) : 0;
    const length = Math.min(Math.max(wanted, FIRST_READ_BYTES, bytes - rest.length), this.#source.bytes - next);
    const read = await this.#source.read(next, length);
    const window = new Uint8Array(rest.length + read.length);
    window.set(rest);
    window.set(read, rest.length);
    this.#window = window;
    this.#start = this.at;
    this.#onProgress?.(this.at);
  }
}

/** Bytes in the making, at most `maxBytes`. */
class GrowingBytes {
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
