/** The real models as tests take them, and what they should answer. */
import { openAsBlob, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { ChatMessage, LoadedModel, ModelPackage } from "../../src/inference";
import { ROOT } from "../run/spawn.mjs";
import type { Precision } from "./decoder-graph";
import type { WrittenGraph } from "./decoder-wiring";
import { haveGguf, type RealModelId } from "./download.mjs";
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

/** Reads `goldens/<id>/<name>.json`. */
export function golden(id: RealModelId, name: "texts"): readonly GoldenText[];
export function golden(id: RealModelId, name: "answers"): readonly GoldenAnswer[];
export function golden(id: "smollm2-135m", name: "chat"): readonly ChatMessage[];
export function golden(id: RealModelId, name: string): unknown {
  const text = readFileSync(`${ROOT}/scripts/real-models/goldens/${id}/${name}.json`, "utf8");
  return JSON.parse(text) as unknown;
}

/** A text, the number of its tokens, and its vector. */
interface GoldenVector {
  readonly text: string;
  readonly tokens: number;
  readonly vector: Float32Array;
}

/** Reads `goldens/minilm/vectors.json`, whose vectors are rounded to 16 bits. */
export function minilmGoldens(): readonly GoldenVector[] {
  const text = readFileSync(`${ROOT}/scripts/real-models/goldens/minilm/vectors.json`, "utf8");
  const goldens = JSON.parse(text) as readonly { text: string; tokens: number; vector: string }[];
  return goldens.map(({ vector, ...golden }) => {
    const { buffer } = new Uint8Array(Buffer.from(vector, "base64"));
    return { ...golden, vector: Float32Array.from(new Int16Array(buffer), (value) => value / 32_767) };
  });
}

/** Whether the weights of SmolLM2 are here; tests are skipped where not. */
export const haveWeights = haveGguf("smollm2-135m");
/** Ends the names of such tests. */
export const WEIGHTS_HINT = "(npm run real:models brings the weights)";

/** A model as an engine takes it. Weights stay on the disk until they are read. */
export async function realPackage(
  id: RealModelId,
  precision: Precision,
  layout: Layout,
): Promise<Extract<ModelPackage, { engine: "onnx" }>> {
  const { folder, graph, files } = await variant(id, precision, layout);
  const name = `${id} ${precision} ${layout}`;
  const blobs = files.map(async (path) => ({ path, blob: await openAsBlob(`${folder}/${path}`) }));
  return { engine: "onnx", id, name, packageHash: name, graph, files: await Promise.all(blobs) };
}

/** The same, with what `PartsInMemory` needs beside it. */
export async function realParts(
  id: RealModelId,
  precision: Precision,
  layout: Layout,
): Promise<{ pkg: Awaited<ReturnType<typeof realPackage>>; files(): WrittenGraph }> {
  const { folder, graph, data } = await variant(id, precision, layout);
  const read = (path: string) => new Uint8Array(readFileSync(join(folder, path)));
  return {
    pkg: await realPackage(id, precision, layout),
    files: () => ({ model: read(graph), external: data.map((path) => ({ name: basename(path), bytes: read(path) })) }),
  };
}

/** An answer as the engine gives it. */
export interface Answer {
  readonly ids: number[];
  readonly text: string;
  readonly logprobs: { readonly top: readonly { readonly id: number; readonly logprob: number }[] }[];
}

/** The greedy answer to a golden's messages, as long as the golden's, which goes on from what there is of it. */
export async function greedyAnswer(
  model: LoadedModel,
  { messages, ids: expected }: GoldenAnswer,
  before?: Partial<Answer>,
): Promise<Answer> {
  const { packageHash, tokenizerHash, engine, backend } = model.info;
  const sampling = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };
  const { ids = [], text = "" } = before ?? {};
  const resume = before && { packageHash, tokenizerHash, engine, backend, ids, idsInText: ids.length, text };
  const rest = { ids: [...ids], text, logprobs: [] as Answer["logprobs"] };
  const request = { model: model.info.id, messages, sampling, maxTokens: expected.length, logprobs: 8 };
  const { signal } = new AbortController();
  for await (const event of model.generate({ ...request, ...(resume && { resume }) }, { signal })) {
    if (event.type !== "token") continue;
    rest.ids.push(...event.ids);
    rest.text += event.text;
    rest.logprobs.push(...(event.logprobs ?? []));
  }
  return rest;
}

/** The largest difference of log probabilities from the golden's, among its four best tokens at each step. */
export function largestDifference({ logprobs }: Answer, { top = [] }: GoldenAnswer): number {
  const differences = logprobs.flatMap(({ top: found }, step) => {
    const byId = new Map(found.map(({ id, logprob }) => [id, logprob]));
    return (top[step] ?? []).slice(0, 4).map(([id, logprob]) => Math.abs((byId.get(id) ?? -Infinity) - logprob));
  });
  return Math.max(...differences);
}
