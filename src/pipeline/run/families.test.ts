/** Models with state of fixed size around a ring: the same text as whole, also after a stage has lost its state. */
import { describe, expect, it } from "vitest";
import type { StageService } from "../../inference";
import { randomDecoder, randomDecoderApart } from "../../inference/testing";
import { FAMILIES } from "../../inference/testing/families";
import { decoderPackage, packageApart } from "../../inference/testing/node";
import { joinGraphs } from "../../onnx";
import { answerIds } from "../testing/guide";
import { PartsInMemory, chain } from "../testing/parts";

const CONVERSATION = [{ role: "user", content: "tell me of the sea, and of what swims in it" }] as const;
const MORE = { sampling: { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1.3 }, maxTokens: 10 };

/** A stage that forgets all sequences before the given steps. */
function forgetful(stage: StageService, at: readonly number[]): StageService & { steps: number } {
  let steps = 0;
  return {
    get steps() {
      return steps;
    },
    forward: (step, options) => {
      if (at.includes(steps++)) stage.end(step.sequence);
      return stage.forward(step, options);
    },
    end: (sequence) => stage.end(sequence),
  };
}

describe("models with state of fixed size around a ring", () => {
  it.each(Object.entries(FAMILIES))("with %s answer as whole ones do", async (_, shape) => {
    const parts = new PartsInMemory(decoderPackage(shape), randomDecoder({ vocabulary: 2048, ...shape }));
    const whole = await parts.whole();
    const ask = (model: typeof whole) => answerIds(model, CONVERSATION, undefined, MORE);
    const expected = await ask(whole);
    expect(new Set(expected).size).toBeGreaterThan(5);
    await whole.unload();
    const last = forgetful(await parts.stage(1, 2), [5, 9]);
    // Guesses are asked for, and not made.
    const model = await parts.model(chain([await parts.stage(0, 1), last]), 0, 2, { maxDraft: 8 });
    expect(await ask(model)).toEqual(expected);
    expect(last.steps).toBeGreaterThan(12);
    // The ring would have to go back to answer again: it reads all of it once more.
    expect(await ask(model)).toEqual(expected);
    await model.unload();
  });
});

describe("models of several graphs", () => {
  it("answer as the same model in one graph does, whole and around a ring", async () => {
    const shape = { layerEmbeddings: true, mixers: { 1: "mamba" }, vocabulary: 2048 } as const;
    const { embedder, decoder } = randomDecoderApart(shape);
    const model = joinGraphs(embedder.model, decoder.model);
    const parts = new PartsInMemory(packageApart(shape), {
      model,
      external: [...embedder.external, ...decoder.external],
    });
    const ask = (loaded: Awaited<ReturnType<typeof parts.whole>>) => answerIds(loaded, CONVERSATION, undefined, MORE);
    const expected = await ask(await parts.whole(decoderPackage(shape)));
    expect(new Set(expected).size).toBeGreaterThan(5);
    expect(await ask(await parts.whole())).toEqual(expected);
    const ring = chain([await parts.stage(0, 1), await parts.stage(1, 2)]);
    expect(await ask(await parts.model(ring, 0, 2))).toEqual(expected);
  });
});
