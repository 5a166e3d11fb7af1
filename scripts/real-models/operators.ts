/** Writes operators under the names that the GenAI builder gives them. */
import type { OnnxWriter } from "../../src/inference/testing/onnx-writer";

type NodeOptions = Parameters<OnnxWriter["node"]>[2];

/** Operators of one graph. */
export class Operators {
  readonly writer: OnnxWriter;

  constructor(writer: OnnxWriter) {
    this.writer = writer;
  }

  op(path: string, op: string, inputs: readonly string[], options: NodeOptions = {}): string {
    return this.writer.node(op, inputs, { name: path, outputs: [`${path}/output_0`], ...options });
  }

  /** An operator of ONNX Runtime's own. */
  ownOp(path: string, op: string, inputs: readonly string[], options: NodeOptions = {}): string {
    return this.op(path, op, inputs, { ...options, domain: "com.microsoft" });
  }
}

/** The name of a weight, as that of a module in PyTorch. */
export const dotted = (path: string): string => path.slice(1).replaceAll("/", ".");
