import { expect, test } from "vitest";
import { concat } from "../../src/core";
import type { ModelPackage } from "../../src/inference";
import { OnnxEngine } from "../../src/inference/onnx";
import { nodeOrt } from "../../src/inference/testing/node";
import { ChatTokenizer } from "../../src/inference/tokenizer";
import { promptOf } from "./prompts";
import { type RandomModel, randomModel } from "./random-model";
import { scaledDown, SHAPES } from "./shapes";
import { WeightsFile } from "./weights-file";

const TOKENS = 12;
const PROMPT_TOKENS = 40;

function packageOf({ shape, graph, files }: RandomModel): ModelPackage {
  const blobs = [...files].map(([path, content]) => {
    const bytes = content instanceof WeightsFile ? concat(...content.read()) : content;
    return { path, blob: new Blob([bytes as BlobPart]) };
  });
  return { engine: "onnx", id: shape.name, name: shape.name, packageHash: shape.name, graph, files: blobs };
}

test.each(SHAPES.flatMap((shape) => [false, true].map((half) => ({ shape, half, name: shape.name }))))(
  "$name answers as long as it is asked to, with tokens that depend on the prompt (half precision: $half)",
  async ({ shape, half }) => {
    const model = randomModel(scaledDown(shape), half);
    const tokenizer = await ChatTokenizer.parse({ ...model.texts, template: undefined });
    const { signal } = new AbortController();
    const engine = new OnnxEngine({ loadRuntime: nodeOrt });
    const loaded = await engine.load(packageOf(model), { signal, backend: "wasm", onProgress: () => undefined });
    const answers: string[] = [];
    for (const variety of [0, 1]) {
      const { text } = promptOf(tokenizer, PROMPT_TOKENS, variety);
      const sampling = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };
      const request = { model: loaded.info.id, messages: [{ role: "user", content: text } as const], sampling };
      const ids: number[] = [];
      for await (const event of loaded.generate({ ...request, maxTokens: TOKENS }, { signal })) {
        // Each token is a character or more, so that each is an event and can be timed.
        if (event.type === "token") ids.push(...event.ids);
        if (event.type === "token") expect(event.ids).toHaveLength(1);
        if (event.type === "done") expect(event.usage.promptTokens).toBe(PROMPT_TOKENS);
      }
      expect(ids).toHaveLength(TOKENS);
      answers.push(ids.join(" "));
    }
    await loaded.unload();
    expect(answers[0]).not.toBe(answers[1]);
  },
);
