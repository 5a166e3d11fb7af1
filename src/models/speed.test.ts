import { describe, expect, it } from "vitest";
import { expectedRate } from "./speed";
import { testDevice } from "./testing";

const CPU = testDevice({ webgpu: false });
const guide = { engine: "onnx", bytes: 5.6e6, tokensPerSecond: 400 } as const;
const onnx = (downloadBytes: number | undefined) => ({ engine: "onnx", downloadBytes }) as const;

describe("expectedRate", () => {
  it("comes near to what a model of 135 million parameters was measured at on one thread", () => {
    const rate = expectedRate(onnx(135e6), CPU, [{ ...guide, backend: "wasm" }]);
    expect(rate).toBeGreaterThan(7);
    expect(rate).toBeLessThan(9);
  });

  it("is exact for the sample itself, and falls with the bytes", () => {
    const sample = { engine: "onnx", backend: "wasm", bytes: 200e6, tokensPerSecond: 9 } as const;
    expect(expectedRate(onnx(200e6), CPU, [{ ...guide, backend: "wasm" }, sample])).toBeCloseTo(9);
    expect(expectedRate(onnx(900e6), CPU, [sample])).toBeCloseTo(2);
  });

  it("follows a model of the same engine rather than a larger one of another", () => {
    const gguf = { engine: "wllama", backend: "wasm", bytes: 100e6, tokensPerSecond: 30 } as const;
    const other = { engine: "onnx", backend: "wasm", bytes: 900e6, tokensPerSecond: 1 } as const;
    expect(expectedRate({ engine: "wllama", downloadBytes: 300e6 }, CPU, [other, gguf])).toBeCloseTo(10);
    expect(expectedRate({ engine: "wllama", downloadBytes: 900e6 }, CPU, [other])).toBeCloseTo(1);
    // llama.cpp expands nothing, so the demo says less about it.
    const demo = [{ ...guide, backend: "wasm" }] as const;
    expect(expectedRate({ engine: "wllama", downloadBytes: 5.6e6 }, CPU, demo)).toBeCloseTo(200);
    expect(expectedRate({ engine: "wllama", downloadBytes: 100e6 }, testDevice(), [gguf])).toBeCloseTo(30);
  });

  it("does not let a tiny model on a GPU promise more than the memory of the GPU can give", () => {
    const device = testDevice();
    const rate = expectedRate(onnx(1e9), device, [{ ...guide, backend: "webgpu" }]);
    expect(rate).toBeGreaterThan(20);
    expect(rate).toBeLessThan(40);
    expect(expectedRate(onnx(1e9), { ...device, mobile: true }, [{ ...guide, backend: "webgpu" }])).toBeLessThan(12);
  });

  it("is unknown without a size, or without a sample of the same backend", () => {
    expect(expectedRate(onnx(undefined), CPU, [{ ...guide, backend: "wasm" }])).toBeUndefined();
    expect(expectedRate(onnx(1e9), CPU, [{ ...guide, backend: "webgpu" }])).toBeUndefined();
    expect(expectedRate({ ...onnx(1e9), engine: "webllm" }, CPU, [{ ...guide, backend: "wasm" }])).toBeUndefined();
  });
});
