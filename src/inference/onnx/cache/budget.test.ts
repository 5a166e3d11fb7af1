/** The memory for caches, for models as hubs have them. */
import { describe, expect, it } from "vitest";
import { cacheBudget } from "./budget";

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** Qwen3-0.6B with 16 bits. */
const MODEL = {
  backend: "webgpu",
  modelBytes: 0.57e9,
  memoryBytes: 8 * GIB,
  contextLength: 40_960,
  spec: { bytesPerToken: 112 * 1024, fixedBytes: 0 },
} as const;

describe("the budget for caches", () => {
  it("is half of what the model leaves, of which answers may take half", () => {
    const { places, maxBytes } = cacheBudget(MODEL);
    expect(maxBytes).toBe((6 * GIB - MODEL.modelBytes) / 2);
    expect(places).toBe(6); // of 224 MiB each, in 1.4 GB
  });

  it("is as large as ever where memory is scarce or not known", () => {
    for (const memoryBytes of [GIB, undefined]) {
      const { maxBytes, places } = cacheBudget({ ...MODEL, modelBytes: 2.5e9, memoryBytes });
      expect(maxBytes).toBe(1024 * MIB);
      expect(places).toBe(2);
    }
    expect(cacheBudget({ ...MODEL, backend: "wasm", memoryBytes: GIB }).maxBytes).toBe(384 * MIB);
  });

  it("is half as large on the CPU, and never more than its runtime could hold besides the model", () => {
    const onCpu = { ...MODEL, backend: "wasm" } as const;
    expect(cacheBudget(onCpu).maxBytes).toBe((6 * GIB - MODEL.modelBytes) / 4);
    expect(cacheBudget({ ...onCpu, memoryBytes: 64 * GIB })).toMatchObject({
      maxBytes: 2 * GIB,
      maxAloneBytes: 2 * GIB,
    });
    // SmolLM2-135M with 32 bits: 45 KiB for each token.
    const small = { modelBytes: 0.14e9, contextLength: 8192, spec: { bytesPerToken: 46_080, fixedBytes: 0 } };
    expect(cacheBudget({ ...onCpu, ...small }).places).toBe(8);
    expect(cacheBudget({ ...onCpu, ...small, memoryBytes: undefined }).places).toBe(4);
  });

  it("lets a conversation of full length stay, as far as the device can hold it", () => {
    const full = MODEL.contextLength * MODEL.spec.bytesPerToken;
    expect(cacheBudget(MODEL).maxAloneBytes).toBe(full);
    const phi = cacheBudget({
      ...MODEL,
      modelBytes: 2.1e9,
      contextLength: 131_072,
      spec: { bytesPerToken: 384 * 1024, fixedBytes: 0 },
    });
    expect(phi).toMatchObject({ maxAloneBytes: 6 * GIB - 2.1e9, places: 1 });
  });

  it("reckons with short contexts and state of fixed size", () => {
    const spec = { bytesPerToken: MIB, fixedBytes: 44 * MIB };
    expect(cacheBudget({ ...MODEL, memoryBytes: GIB, contextLength: 256, spec }).places).toBe(1);
    expect(cacheBudget({ ...MODEL, memoryBytes: GIB, contextLength: 20, spec }).places).toBe(8);
  });
});
