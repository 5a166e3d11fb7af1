/**
 * Brings the weights of graphs inside of operators (`If`, `Loop`) into the file: ONNX Runtime Web finds no external data
 * for them.
 */
import { formatBytes, MicrogridError } from "../core";
import type { Graph } from "./graph";
import { protobufFields, ProtobufMessage } from "./protobuf";
import { FIELD } from "./schema";
import type { Tensor } from "./tensor";

/** Most bytes that are brought in. Such graphs hold tables of positions, which have a few megabytes. */
const MAX_INNER_BYTES = 256 * 2 ** 20;

/** Reads a range of a file by its name in the graph. */
type ReadRange = (range: { location: string; offset: number; length: number }) => Promise<Uint8Array>;

/** A part of a message, and the bytes that take its place. */
interface Change {
  readonly content: Uint8Array;
  readonly by: Uint8Array;
}

/**
 * The graph with these weights in it; the same bytes if there are none. Throws `unsupported-model` if they are too large, and
 * errors of `read`.
 */
export async function withInnerWeights<B extends Uint8Array>(
  { bytes, graph }: { readonly bytes: B; readonly graph: Graph },
  read: ReadRange,
): Promise<B | Uint8Array<ArrayBuffer>> {
  const tensors = graph.nodes.flatMap((node) => node.tensors.filter(({ external }) => external));
  if (tensors.length === 0) return bytes;
  const total = tensors.reduce((sum, tensor) => sum + (tensor.bytes ?? Infinity), 0);
  if (!(total <= MAX_INNER_BYTES)) {
    throw new MicrogridError(
      "unsupported-model",
      `This model has ${Number.isFinite(total) ? formatBytes(total) : "an unknown size"} of weights inside of its operators, more than this app can run. Choose another model.`,
    );
  }
  const changes: Change[] = [];
  for (const tensor of tensors) changes.push({ content: tensor.content, by: await filled(tensor, read) });
  return changed(bytes, changes);
}

/** A tensor whose content has come into the graph. */
async function filled({ content, external, bytes = 0 }: Tensor, read: ReadRange): Promise<Uint8Array> {
  const { location, offset } = external!;
  const message = new ProtobufMessage();
  for (const { number, raw } of protobufFields(content)) {
    if (number !== FIELD.tensor.external && number !== FIELD.tensor.location) message.raw(raw);
  }
  return message.bytes(FIELD.tensor.raw, await read({ location, offset, length: bytes })).build();
}

/** The message with parts of it replaced, however deep they lie. */
function changed(message: Uint8Array, changes: readonly Change[]): Uint8Array<ArrayBuffer> {
  const written = new ProtobufMessage();
  for (const { number, bytes, raw } of protobufFields(message)) {
    const inside = bytes ? changes.filter(({ content }) => contains(bytes, content)) : [];
    const [first] = inside;
    if (!bytes || !first) written.raw(raw);
    else written.bytes(number, first.content.length === bytes.length ? first.by : changed(bytes, inside));
  }
  return written.build();
}

/** Whether one view of some bytes lies within another. */
function contains(outer: Uint8Array, inner: Uint8Array): boolean {
  return outer.byteOffset <= inner.byteOffset && inner.byteOffset + inner.length <= outer.byteOffset + outer.length;
}
