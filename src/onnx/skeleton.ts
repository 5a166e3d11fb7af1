/**
 * Reads a graph file without its weights. Exporters write models of up to 2 GB as one file; its skeleton has kilobytes, and
 * says of each weight where in the file it lies.
 */
import type { RangeSource } from "../core";
import { damaged, notAModel } from "./errors";
import { ForwardReader } from "./forward-reader";
import { GrowingBytes } from "./growing-bytes";
import { type ProtobufHead, ProtobufMessage as Message } from "./protobuf";
import { FIELD } from "./schema";
import { placed, type WeightRange } from "./writer";

interface SkeletonOptions {
  /** Largest skeleton to make, bytes; by default as large as a file can be. */
  readonly maxBytes?: number;
  /**
   * Reads that may be under way at once, 1 by default. With more, places are guessed from the pattern of former ones: a file
   * on a distant host has hundreds of weights to jump over, and each jump takes a round trip.
   */
  readonly readsAtOnce?: number;
  /** Called as reading goes on, with the bytes of the file that are read or passed over. */
  readonly onProgress?: (passedBytes: number) => void;
}

/** Protobuf readers refuse larger files, so no exporter writes them. */
const MAX_FILE_BYTES = 2 ** 31;
/** Larger weights are left out. Smaller ones hold shapes and scalars, which ONNX Runtime wants to see in the graph. */
const MAX_INLINE_BYTES = 1024;

/**
 * The graph of the file at `path` with the content of its large initializers replaced by external data: the file's own name,
 * with an offset and a length. Weights in other places than `raw_data` stay, and so do those inside of operators.
 * Without guesses, each byte of the file is read at most once. The same file gives the same skeleton everywhere.
 *
 * Throws `not-a-model` for files that are not ONNX models, `file-corrupt` for damaged ones, `unsupported-model` if the
 * skeleton exceeds `maxBytes`, and errors of the source. The graph itself is not checked: use `readGraph`.
 */
export async function readSkeleton(
  source: RangeSource,
  path: string,
  { maxBytes = MAX_FILE_BYTES, readsAtOnce = 1, onProgress }: SkeletonOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  if (source.bytes > MAX_FILE_BYTES) throw damaged(`it has ${source.bytes} bytes, more than such a file can have`);
  const location = path.slice(path.lastIndexOf("/") + 1);
  const file = new ForwardReader(source, { readsAtOnce, onProgress });
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
