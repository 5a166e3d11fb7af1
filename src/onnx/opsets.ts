/** The versions of the operators that a model is written with. */
import { readFields, readName } from "./bounds";
import { damaged } from "./errors";
import type { Graph } from "./graph";
import { FIELD } from "./schema";

/**
 * Versions of the operator sets that a model uses, by their domains; the domain of ONNX itself is empty. Throws `file-corrupt`
 * if they cannot be read.
 */
export function opsets({ modelFields }: Graph): ReadonlyMap<string, number> {
  const versions = new Map<string, number>();
  try {
    for (const { number, bytes } of modelFields) {
      if (number !== FIELD.model.opset || !bytes) continue;
      let [domain, version] = ["", 0];
      for (const field of readFields(bytes)) {
        if (field.number === FIELD.opset.domain && field.bytes) domain = readName(field.bytes);
        if (field.number === FIELD.opset.version) version = field.value ?? 0;
      }
      versions.set(domain === "ai.onnx" ? "" : domain, version);
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw damaged("the versions of its operators cannot be read", error);
  }
  return versions;
}
