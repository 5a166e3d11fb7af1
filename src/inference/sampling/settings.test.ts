import { expect, it } from "vitest";
import { DEFAULT_SAMPLING, chosenSampling } from "./settings";

const OWN = { temperature: 0.6, topK: 20, topP: 0.95, minP: 0.01, repetitionPenalty: 1.1 };

it("the model's own sampling applies to everything that a request leaves out", () => {
  expect(chosenSampling({}, OWN)).toEqual(OWN);
  expect(chosenSampling({ topP: undefined }, OWN)).toEqual(OWN);
  expect(chosenSampling({}, undefined)).toEqual(DEFAULT_SAMPLING);
});

it("explicit values win, including zero", () => {
  const explicit = { temperature: 0, topK: 0, minP: 0, presencePenalty: 0, frequencyPenalty: 0.5 };
  expect(chosenSampling(explicit, { ...OWN, presencePenalty: 1 })).toEqual({ ...OWN, ...explicit });
});
