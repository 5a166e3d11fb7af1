/** Checks that the size and the place that a graph states for a weight agree with its shape. */
import { damaged, ELEMENT, elementBytes, type Tensor, type WeightRange } from "../../onnx";
import { cannotSplit } from "./errors";

/** A constant of a graph, with its size. */
export interface Weight extends Tensor {
  /** Size of its content, bytes, wherever that is stored; 0 for strings. */
  readonly bytes: number;
  readonly external: WeightRange | undefined;
}

/** A path inside the model's folder: it is joined to addresses and folders, and must not lead out of them. */
const SAFE_PATH = /^(?:\.\/)?(?!\.)[^\\:?#%/\0]+(?:\/(?!\.)[^\\:?#%/\0]+)*$/;

/** Throws `file-corrupt` if size, shape and place contradict each other, `unsupported-model` for unknown types in files. */
export function checkWeight(tensor: Tensor): Weight {
  const { name, type, elements, bytes, raw, external, content } = tensor;
  if (elements === undefined) throw damaged(`the weight “${name}” has a size that cannot be counted`);
  if (!external) {
    // The engine allocates memory according to the shape before it looks at the content.
    const complete = raw === undefined ? content.length >= leastBytes(type, elements) : raw.length === bytes;
    if (bytes !== undefined && !complete) {
      throw damaged(`the weight “${name}” should have ${bytes} bytes and has ${raw?.length ?? content.length}`);
    }
    return { ...tensor, bytes: bytes ?? 0, external };
  }
  if (bytes === undefined) throw cannotSplit(`its weight “${name}” is of a type (${type}) that is not known here`);
  const { location, offset, length = bytes } = external;
  if (!Number.isSafeInteger(offset) || offset < 0 || !Number.isSafeInteger(offset + bytes) || length !== bytes) {
    throw damaged(`the weight “${name}” should have ${bytes} bytes, but its range has ${length} from ${offset} on`);
  }
  if (!SAFE_PATH.test(location)) {
    throw damaged(`the weight “${name}” should lie in “${location.slice(0, 80)}”, which is not a file of the model`);
  }
  return { ...tensor, bytes, external: { location, offset, length } };
}

/** Least size of elements that are not stored as raw bytes: integers are stored as varints, which may take one byte. */
function leastBytes(type: number, elements: number): number {
  const bytes = elementBytes(type, elements) ?? 0;
  return type === ELEMENT.float32 || type === ELEMENT.float64 ? bytes : Math.min(bytes, elements);
}
