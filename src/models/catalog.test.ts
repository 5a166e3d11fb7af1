import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { prebuiltAppConfig } from "@mlc-ai/web-llm";
import { describe, expect, it } from "vitest";
import { embeddedEntries, repositoryEntries, webllmEntries } from "./catalog";
import { fitOf } from "./fit";
import { testDevice } from "./testing";

describe("the catalogs", () => {
  it("list the embedded model's files as they are (else run scripts/embedded-manifest.mjs)", async () => {
    const [guide] = embeddedEntries("https://host/base/");
    if (guide?.origin.kind !== "embedded") throw new Error("There is no embedded model.");
    expect(guide.origin.addresses["onnx/model_q4.onnx"]).toBe("https://host/base/models/guide/onnx/model_q4.onnx");
    for (const { path, bytes, sha256 } of guide.origin.files) {
      const content = await readFile(`public/models/guide/${path}`);
      expect({ path, bytes, sha256 }).toEqual({
        path,
        bytes: content.length,
        sha256: createHash("sha256").update(content).digest("hex"),
      });
    }
  });

  it("contain every model of the WebLLM library, with features and context", () => {
    const entries = webllmEntries(prebuiltAppConfig.model_list);
    expect(entries).toHaveLength(prebuiltAppConfig.model_list.length);
    const llama = entries.find((entry) => entry.id === "Llama-3.2-1B-Instruct-q4f16_1-MLC");
    expect(llama).toMatchObject({
      contextLength: 4096,
      origin: { requiredFeatures: ["shader-f16"], embedding: false },
    });
    expect(entries.filter((entry) => entry.origin.kind === "webllm" && entry.origin.embedding)).toHaveLength(4);
    for (const { id, origin } of entries) {
      expect([id, origin.kind === "webllm" && origin.requiredFeatures.includes("shader-f16")]).toEqual([
        id,
        id.includes("f16_") || id.includes("f16-"),
      ]);
    }
  });

  it("leave out a record that does not parse", () => {
    expect(webllmEntries([{ model_id: "x" }, 7, null])).toEqual([]);
  });

  it("have unique ids and name repositories as the hub does", () => {
    const entries = [
      ...repositoryEntries(),
      ...webllmEntries(prebuiltAppConfig.model_list),
      ...embeddedEntries("https://h/"),
    ];
    expect(new Set(entries.map((entry) => entry.id)).size).toBe(entries.length);
    for (const { id } of repositoryEntries()) expect(id).toMatch(/^[\w.-]+\/[\w.-]+$/);
  });
});

describe("fitOf", () => {
  const byId = new Map(webllmEntries(prebuiltAppConfig.model_list).map((entry) => [entry.id, entry]));
  const entry = (id: string) => {
    const found = byId.get(id);
    if (!found) throw new Error(`The library has no ${id} any more.`);
    return found;
  };
  const reason = (id: string, device: Parameters<typeof testDevice>[0], memoryBytes?: number): string => {
    const fit = fitOf(entry(id), { memoryBytes, f32Variant: "the-f32-one" }, testDevice(device));
    return fit.fits ? "fits" : fit.reason;
  };

  it("requires WebGPU and says why it is missing", () => {
    expect(reason("Qwen3-0.6B-q4f32_1-MLC", { webgpu: false })).toContain("it is switched off");
    expect(reason("Qwen3-0.6B-q4f32_1-MLC", {})).toBe("fits");
  });

  it("names the variant to use if 16-bit arithmetic is missing", () => {
    expect(reason("Qwen3-0.6B-q4f16_1-MLC", { features: [] })).toMatch(/shader-f16.*Use the-f32-one instead/);
    expect(reason("Qwen3-0.6B-q4f16_1-MLC", {})).toBe("fits");
  });

  it("compares memory only if the browser reports it exactly", () => {
    const needed = 6 * 2 ** 30;
    expect(reason("Qwen3-8B-q4f32_1-MLC", { memoryBytes: 4 * 2 ** 30 }, needed)).toMatch(
      /needs about 6\.4 GB.*about 4\.3 GB/,
    );
    expect(reason("Qwen3-8B-q4f32_1-MLC", { memoryBytes: 8 * 2 ** 30 }, 2 * needed)).toBe("fits");
    expect(reason("Qwen3-8B-q4f32_1-MLC", {}, needed)).toBe("fits");
  });

  it("says of models that make embeddings what they are for", () => {
    const known = [...webllmEntries(prebuiltAppConfig.model_list), ...repositoryEntries()];
    const embedders = known.filter(({ purpose }) => purpose === "embedding").map(({ id }) => id);
    expect(embedders).toContain("snowflake-arctic-embed-m-q0f32-MLC-b4");
    expect(embedders).toContain("Xenova/all-MiniLM-L6-v2");
    expect(embedders).toHaveLength(9);
    expect(reason("snowflake-arctic-embed-m-q0f32-MLC-b4", {})).toBe("fits");
  });

  it("compares the largest buffer with the limit of the GPU", () => {
    const big = entry("Qwen3-0.6B-q4f32_1-MLC");
    if (big.origin.kind !== "webllm") throw new Error("It is a WebLLM model.");
    const origin = { ...big.origin, largestBufferBytes: 2 ** 31 };
    const fit = fitOf({ ...big, origin }, { memoryBytes: undefined, f32Variant: undefined }, testDevice());
    expect(fit).toMatchObject({ fits: false, reason: expect.stringContaining("in one piece") as string });
  });
});
