/** Bounds on reading. Graph files can come from strangers, so no name or shape in them may be arbitrarily large. */
import { damaged } from "./errors";
import { type ProtobufField, protobufFields, protobufText } from "./protobuf";

/** Counts the fields that are read. `spend` throws an error of the caller's choice when it has seen enough. */
export interface ReadBudget {
  spend(): void;
}

/** Most dimensions that a tensor may have. Real operators use four to six. */
export const MAX_RANK = 16;
/** Longest name, bytes. Names are repeated wherever a graph is cut. */
const MAX_NAME_BYTES = 4096;

/** The fields of a message. Each one is charged to the budget. */
export function* readFields(content: Uint8Array, budget?: ReadBudget): Generator<ProtobufField> {
  for (const field of protobufFields(content)) {
    budget?.spend();
    yield field;
  }
}

/** The text of a name. Throws `file-corrupt` if it is too long. */
export function readName(bytes: Uint8Array): string {
  if (bytes.length > MAX_NAME_BYTES) throw damaged(`one of its names has ${bytes.length} bytes`);
  return protobufText(bytes);
}
