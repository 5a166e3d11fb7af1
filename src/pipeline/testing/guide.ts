/** The guide model in parts, for tests in Node. Never bundled. */
import { readFileSync } from "node:fs";
import type { EngineRequest, LoadedModel } from "../../inference";
import { type GoldenItem, type WatchedRun, goldenItems, guidePackage } from "../../inference/testing/node";
import { PartsInMemory } from "./parts";

const GRAPH = new URL("../../../public/models/guide/onnx/model_q4.onnx", import.meta.url);
const signal = new AbortController().signal;

/** Golden completions that do not take long. */
export const shortItems = (): GoldenItem[] => goldenItems().filter(({ completion_ids }) => completion_ids.length < 24);

/** Loads parts of the guide model, all with one engine. */
export class GuideParts extends PartsInMemory {
  constructor(onRun?: (run: WatchedRun) => void) {
    const external = [{ name: "model_q4.onnx_data", bytes: readFileSync(`${GRAPH.pathname}_data`) }];
    super(guidePackage(), { model: new Uint8Array(readFileSync(GRAPH)), external }, onRun);
  }
}

/** The ids of an answer, greedy unless `more` says otherwise; `onToken` is called with their number after each. */
export async function answerIds(
  model: LoadedModel,
  messages: EngineRequest["messages"],
  onToken: (count: number) => void = () => undefined,
  more: Partial<EngineRequest> = {},
): Promise<number[]> {
  const ids: number[] = [];
  const sampling = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };
  const request = { model: "guide", messages, sampling, maxTokens: 200, ...more };
  for await (const event of model.generate(request, { signal })) {
    if (event.type !== "token") continue;
    ids.push(...event.ids);
    onToken(ids.length);
  }
  return ids;
}
