/** The built-in model for tests of pipelines, from its real graph. */
import { readFileSync } from "node:fs";
import { type PartsSource, SplitModel } from "../../../pipeline";
import { GraphService } from "../../../pipeline/graphs";
import type { KnownModel } from "../weights";

/** The graph of the built-in model. */
export const graphBytes = new Uint8Array(
  readFileSync(new URL("../../../../public/models/guide/onnx/model_q4.onnx", import.meta.url)),
);
const NO_WEIGHTS = {
  read: (_: string, __: number, length: number) => Promise.resolve(new Blob([new Uint8Array(length)])),
};
const PARTS: PartsSource = {
  ...NO_WEIGHTS,
  id: "guide",
  name: "Guide",
  graph: "g.onnx",
  graphBytes,
  weightsHash: "hash",
};
/** The built-in model, as a node knows it that may hold layers of it. Its weights are zeros. */
export const guide = (await SplitModel.read(
  { ...PARTS, stored: () => Promise.resolve(undefined) },
  new GraphService(),
)) as unknown as KnownModel;
