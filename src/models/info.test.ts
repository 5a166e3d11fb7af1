import { prebuiltAppConfig } from "@mlc-ai/web-llm";
import { describe, expect, it } from "vitest";
import { ggufEntries, repositoryEntries, webllmEntries } from "./catalog";
import type { ModelEntry } from "./entry";
import { modelInfo } from "./info";
import type { ModelRecord } from "./records";
import { testDevice } from "./testing";
import type { ModelInfo } from "./types";

const entry = (id: string): ModelEntry => {
  const found = repositoryEntries().find((candidate) => candidate.id.endsWith(id));
  if (!found) throw new Error(`The catalog has no ${id} any more.`);
  return found;
};

function infoOf(id: string, device = testDevice(), remembered?: ModelRecord): ModelInfo {
  return modelInfo(entry(id), { remembered, stored: undefined, f32Variant: undefined }, device);
}

const GB = 1e9;

describe("modelInfo of a repository that has not been asked yet", () => {
  it("estimates size and memory for the variant that this device would use", () => {
    const half = infoOf("Qwen3-0.6B-ONNX");
    const single = infoOf("Qwen3-0.6B-ONNX", testDevice({ features: [] }));
    expect([half.sizeIsEstimate, single.sizeIsEstimate]).toEqual([true, true]);
    // 156 million parameters of the embedding in 2 or 4 bytes, 444 million in 4.5 or 5 bits.
    expect((half.downloadBytes ?? 0) / GB).toBeCloseTo(0.156 * 2 + (0.444 * 4.5) / 8, 2);
    expect((single.downloadBytes ?? 0) / GB).toBeCloseTo(0.156 * 4 + (0.444 * 5) / 8, 2);
    expect(half.memoryBytes).toBeGreaterThan(half.downloadBytes ?? Infinity);
  });

  it("covers every entry whose name says how large the model is", () => {
    for (const { id, parameters } of repositoryEntries()) {
      expect([id, parameters !== undefined]).toEqual([id, /\d(b|m)\b/i.test(id)]);
      const stated = /(\d+(?:\.\d+)?)(b|m)\b/i.exec(id);
      const unit = stated?.[2]?.toLowerCase() === "m" ? 1e6 : 1e9;
      if (parameters) expect([id, parameters.total]).toEqual([id, Math.round(Number(stated?.[1]) * unit)]);
      if (parameters) expect(parameters.embedding).toBeLessThan(parameters.total);
    }
  });

  it("uses the estimate to decide whether the model fits, and says why not", () => {
    const phone = testDevice({ memoryBytes: 4 * 2 ** 30 });
    expect(infoOf("SmolLM2-360M-Instruct", phone).fit).toEqual({ fits: true });
    expect(infoOf("Qwen3-4B-ONNX", phone).fit).toEqual({
      fits: false,
      obstacle: "memory",
      reason: "It needs about 3.6 GB of memory, and this device has about 4.3 GB in all.",
    });
  });

  it("leaves sizes unknown if the name has no number", () => {
    expect(infoOf("Phi-3.5-mini-instruct-onnx-web")).toMatchObject({
      downloadBytes: undefined,
      memoryBytes: undefined,
      sizeIsEstimate: false,
      fit: { fits: true },
    });
  });
});

describe("modelInfo of a WebLLM model whose host has not been asked yet", () => {
  const infos = webllmEntries(prebuiltAppConfig.model_list).map((webllm) =>
    modelInfo(webllm, { remembered: undefined, stored: "no", f32Variant: undefined }, testDevice()),
  );

  it("estimates the download from the name, below the memory that the catalog states", () => {
    for (const { id, downloadBytes, memoryBytes, sizeIsEstimate } of infos) {
      expect([id, sizeIsEstimate]).toEqual([id, downloadBytes !== undefined]);
      const share = (downloadBytes ?? NaN) / (memoryBytes ?? NaN);
      if (!Number.isNaN(share)) expect([id, share > 0.15 && share < 1]).toEqual([id, true]);
    }
    const bytesOf = (part: string): number | undefined => infos.find(({ id }) => id.startsWith(part))?.downloadBytes;
    expect(bytesOf("Llama-3.1-8B-Instruct-q4f16_1")).toBe(4.5e9);
    expect(bytesOf("SmolLM2-135M-Instruct-q0f16")).toBe(0.27e9);
    expect(bytesOf("stablelm-2-zephyr-1_6b-q4f32_1")).toBe(1e9);
  });

  it("leaves sizes unknown if the name has no number", () => {
    expect(infos.filter(({ downloadBytes }) => downloadBytes === undefined).length).toBeLessThan(infos.length / 5);
    expect(infos.find(({ id }) => id.startsWith("Phi-3.5-mini"))?.downloadBytes).toBeUndefined();
  });
});

describe("modelInfo of a repository that has been asked", () => {
  const described = (bytes: number | undefined, graphBytes = 900): ModelRecord => ({
    id: "x",
    packages: [],
    facts: {
      files: [
        { path: "config.json", bytes },
        { path: "tokenizer.json", bytes },
        { path: "onnx/model_q4f16.onnx", bytes: graphBytes },
      ],
    },
  });

  it("replaces the estimate with the exact size", () => {
    const info = infoOf("Qwen3-0.6B-ONNX", testDevice(), described(50));
    expect(info).toMatchObject({ downloadBytes: 1000, sizeIsEstimate: false });
    expect(info.memoryBytes).toBe(1125 + 64 * 2 ** 20);
  });

  it("does not fit without a GPU if WebAssembly cannot hold its weights", () => {
    const cpu = testDevice({ webgpu: false });
    expect(infoOf("Qwen3-4B-ONNX", cpu, described(1, 3 * GB)).fit).toEqual({ fits: true });
    expect(infoOf("Qwen3-4B-ONNX", cpu, described(1, 4 * GB)).fit).toEqual({
      fits: false,
      obstacle: "too-large",
      reason: "Without a GPU it runs in WebAssembly, which holds 3.8 GB at most, and its weights are about 4.0 GB.",
    });
    expect(infoOf("Qwen3-4B-ONNX", testDevice(), described(1, 4 * GB)).fit).toEqual({ fits: true });
  });

  it("does not fit a GPU whose buffers are too small for its largest weight, unless the CPU runs it", () => {
    const { facts, ...record } = described(1);
    const remembered = (files: NonNullable<ModelRecord["facts"]>["files"], largestWeightBytes: number): ModelRecord => {
      const looks = files.slice(2).map((file) => ({ file, largestWeightBytes }));
      return { ...record, facts: { files }, looks };
    };
    const files = [...facts!.files.slice(0, 2), { path: "onnx/model_q4f16.onnx", bytes: 4 * GB }];
    expect(infoOf("Qwen3-4B-ONNX", testDevice(), remembered(files, 2 ** 30)).fit).toEqual({ fits: true });
    expect(infoOf("Qwen3-4B-ONNX", testDevice(), remembered(files, 1.5 * GB)).fit).toEqual({
      fits: false,
      obstacle: "gpu-ability",
      reason: "It needs 1.5 GB in one piece, but this GPU gives at most 1.1 GB to the browser.",
    });
    const small = [...files.slice(0, 2), { path: "onnx/model_q4f16.onnx", bytes: 3 * GB }];
    expect(infoOf("Qwen3-4B-ONNX", testDevice(), remembered(small, 1.5 * GB)).fit).toEqual({ fits: true });
  });

  it.each([
    ["mit", "MIT"],
    ["cc-by-nc-4.0", "cc-by-nc-4.0"],
    [undefined, undefined],
  ])("names the licence that the host states: %s", (id, licence) => {
    const { facts, ...record } = described(1);
    expect(infoOf("Qwen3-0.6B-ONNX", testDevice(), { ...record, facts: { ...facts!, licence: id } }).licence).toBe(
      licence,
    );
  });

  it("gives an approximate size if the host does not report the size of small files", () => {
    const info = infoOf("Qwen3-0.6B-ONNX", testDevice(), described(undefined));
    expect(info).toMatchObject({ downloadBytes: 900, sizeIsEstimate: true });
  });
});

describe("a GGUF model", () => {
  const [entry] = ggufEntries();
  const info = (files?: readonly { path: string; bytes: number }[], context?: number) => {
    const looks = context === undefined ? [] : [{ file: files![1]!, contextLength: context }];
    const facts = files && { facts: { files: [...files] } };
    const remembered = { id: entry!.id, packages: [], looks, ...facts };
    const known = { ...entry!, contextLength: context === undefined ? entry!.contextLength : undefined };
    return modelInfo(known, { remembered, stored: undefined, f32Variant: undefined }, testDevice());
  };
  const files = [
    { path: "m-Q8_0.gguf", bytes: 640e6 },
    { path: "m-Q4_K_M.gguf", bytes: 397e6 },
  ];

  it("has about the size that its parameters lead to, until the hub has been asked", () => {
    expect(info()).toMatchObject({ engine: "wllama", sizeIsEstimate: true, downloadBytes: 396e6, fit: { fits: true } });
  });

  it("has the size of the quantization that is taken, and the context of its header", () => {
    expect(info(files, 4096)).toMatchObject({ sizeIsEstimate: false, downloadBytes: 397e6, contextLength: 4096 });
  });

  it("has to fit into WebAssembly on every device", () => {
    expect(info([{ path: "m-Q4_K_M.gguf", bytes: 4e9 }]).fit).toEqual({
      fits: false,
      obstacle: "too-large",
      reason: "It runs in WebAssembly, which holds 3.8 GB at most, and its weights are about 4.0 GB.",
    });
  });
});
