import { expect, test } from "vitest";
import { readGraph } from "../../src/onnx";
import { randomGraph } from "./random-graph";
import {
  bytesPerToken,
  ceilingRate,
  largestWeightBytes,
  layerMatrices,
  misfit,
  scaledDown,
  type Shape,
  SHAPES,
} from "./shapes";

/** Parameters of the real models, whose head and embedding are one table. */
const PARAMETERS: Readonly<Record<string, number>> = {
  "Qwen3-0.6B": 596_049_920,
  "Llama-3.2-1B": 1_235_814_400,
  "Gemma-3-1B": 999_885_952,
};

const [qwen] = SHAPES as [Shape];

test.each(SHAPES)("$name has as many parameters as the real model", (shape) => {
  const { layers, hidden, vocabulary, headDim, headNorms, sandwich } = shape;
  const matrices = Object.values(layerMatrices(shape)).reduce((sum, [rows, columns]) => sum + rows * columns, 0);
  const norms = hidden * (sandwich ? 4 : 2) + (headNorms ? 2 * headDim : 0);
  expect(layers * (matrices + norms) + vocabulary * hidden + hidden).toBe(PARAMETERS[shape.name]);
});

test.each(SHAPES.flatMap((shape) => [true, false].map((half) => ({ shape, half, name: shape.name }))))(
  "a token of $name needs the weights of its graph and a row of the embedding (half precision: $half)",
  ({ shape, half }) => {
    const small = scaledDown(shape);
    const { model, weights } = randomGraph(small, { half, location: "weights", silentTokens: 2048 });
    const initializers = readGraph(model).initializers.filter(({ name }) => name.includes("weight"));
    const bytes = initializers.reduce((sum, each) => sum + (each.bytes ?? 0), 0);
    const embedding = largestWeightBytes(small, half);
    expect(Math.max(...initializers.map((each) => each.bytes ?? 0))).toBe(embedding);
    expect(bytesPerToken(small, half)).toBe(bytes - embedding + embedding / small.vocabulary);
    const external = initializers.filter((each) => each.external !== undefined);
    expect(weights.size).toBe(external.reduce((sum, each) => sum + (each.bytes ?? 0), 0));
  },
);

test("memory that reads 100 bytes a second gives a model of 20 bytes 5 tokens", () => {
  expect(ceilingRate(100, 20)).toBe(5);
});

test("a shape fits a GPU whose buffers hold its embedding, bound or not", () => {
  const needed = 151_936 * 1024 * 2;
  const enough = { maxBufferSize: needed, maxStorageBufferBindingSize: needed };
  expect(misfit(qwen, true, enough)).toBeUndefined();
  expect(misfit(qwen, false, enough)).toMatch(/maxBufferSize/);
  expect(misfit(qwen, true, { ...enough, maxStorageBufferBindingSize: needed - 1 })).toMatch(
    /^Qwen3-0.6B is refused: .*maxStorageBufferBindingSize/,
  );
});
