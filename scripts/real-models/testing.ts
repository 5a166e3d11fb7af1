/** The real model as tests take it, and what it should answer. */
import { openAsBlob, readFileSync } from "node:fs";
import type { ChatMessage, ModelPackage } from "../../src/inference";
import { ROOT } from "../run/spawn.mjs";
import { haveGguf } from "./download.mjs";
import type { Precision } from "./llama-graph";
import { type Layout, variant } from "./repository";

/** A text, and its tokens. */
export interface GoldenText {
  readonly text: string;
  readonly ids: readonly number[];
}

/** The greedy answer to messages. */
export interface GoldenAnswer {
  readonly messages: readonly ChatMessage[];
  readonly promptIds: readonly number[];
  /** With the end token, unless the answer was cut off. */
  readonly ids: readonly number[];
  readonly text: string;
  /** For some answers: the best tokens at each step with the logarithms of their probabilities. */
  readonly top?: readonly (readonly (readonly [id: number, logprob: number])[])[];
}

/** The id that ends an answer. */
export const END_ID = 2;

/** Reads `goldens/<name>.json`. */
export function golden(name: "texts"): readonly GoldenText[];
export function golden(name: "answers"): readonly GoldenAnswer[];
export function golden(name: "chat"): readonly ChatMessage[];
export function golden(name: string): unknown {
  const text = readFileSync(`${ROOT}/scripts/real-models/goldens/${name}.json`, "utf8");
  return JSON.parse(text) as unknown;
}

/** Whether the weights are here; tests are skipped where not. */
export const haveWeights = haveGguf();
/** Ends the names of such tests. */
export const WEIGHTS_HINT = "(npm run real:models brings the weights)";

/** The model as an engine takes it. Weights stay on the disk until they are read. */
export async function smolPackage(
  precision: Precision,
  layout: Layout,
): Promise<Extract<ModelPackage, { engine: "onnx" }>> {
  const { folder, graph, files } = await variant(precision, layout);
  const name = `SmolLM2-135M-Instruct ${precision} ${layout}`;
  const blobs = files.map(async (path) => ({ path, blob: await openAsBlob(`${folder}/${path}`) }));
  return { engine: "onnx", id: "smollm2", name, packageHash: name, graph, files: await Promise.all(blobs) };
}
