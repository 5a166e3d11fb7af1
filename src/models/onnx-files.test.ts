import { describe, expect, it } from "vitest";
import { externalDataFiles, planOnnxFiles } from "./onnx-files";
import { testDevice } from "./testing";

const sides = ["config.json", "tokenizer.json", "tokenizer_config.json", "generation_config.json", "README.md"];

function listing(...graphs: string[]): { path: string; bytes: number }[] {
  return [...sides, ...graphs].map((path) => ({ path, bytes: 10 }));
}

function chosen(graphs: readonly string[], backend: "webgpu" | "wasm", features?: readonly string[]): string {
  const device = testDevice(features ? { features } : {});
  return planOnnxFiles(listing(...graphs.map((name) => `onnx/model${name}.onnx`)), backend, device, "m").graph;
}

const all = ["", "_fp16", "_q4", "_q4f16", "_quantized", "_int8", "_bnb4"];

describe("planOnnxFiles", () => {
  it("chooses 4-bit weights with 16-bit arithmetic if the GPU has it, else with 32-bit", () => {
    expect(chosen(all, "webgpu")).toBe("onnx/model_q4f16.onnx");
    expect(chosen(all, "webgpu", [])).toBe("onnx/model_q4.onnx");
    expect(chosen(all, "wasm")).toBe("onnx/model_q4.onnx");
  });

  it("falls back to the best variant for the backend", () => {
    expect(chosen(["", "_fp16", "_quantized"], "webgpu")).toBe("onnx/model_fp16.onnx");
    expect(chosen(["", "_fp16", "_quantized"], "webgpu", [])).toBe("onnx/model.onnx");
    expect(chosen(["", "_fp16", "_quantized"], "wasm")).toBe("onnx/model_quantized.onnx");
    expect(chosen(["_fp16"], "wasm")).toBe("onnx/model_fp16.onnx");
  });

  it("never gives a GPU without 16-bit arithmetic a graph that needs it", () => {
    expect(() => chosen(["_fp16", "_q4f16"], "webgpu", [])).toThrow(/shader-f16/);
  });

  it("chooses a smaller variant on the CPU if the better one does not fit into WebAssembly", () => {
    const files = [
      ...listing("onnx/model_q4.onnx", "onnx/model_quantized.onnx"),
      { path: "onnx/model_q4.onnx_data", bytes: 4e9 },
    ];
    expect(planOnnxFiles(files, "wasm", testDevice(), "m").graph).toBe("onnx/model_quantized.onnx");
  });

  it("lists all external data of the graph, in order, and none of another graph", () => {
    const parts = Array.from({ length: 11 }, (_, index) => `onnx/model_q4.onnx_data${index === 0 ? "" : `_${index}`}`);
    const files = listing(
      "onnx/model_q4.onnx",
      ...[...parts].reverse(),
      "onnx/model_q4f16.onnx_data",
      "onnx/model.onnx_data",
    );
    const plan = planOnnxFiles(files, "wasm", testDevice(), "m");
    expect(plan.files.map((file) => file.path)).toEqual([
      "config.json",
      "tokenizer.json",
      "tokenizer_config.json",
      "generation_config.json",
      "onnx/model_q4.onnx",
      ...parts,
    ]);
    expect(plan.weightBytes).toBe(120);
    expect(plan.downloadBytes).toBe(160);
  });

  it("finds graphs beside the configuration, also under the older name", () => {
    expect(planOnnxFiles(listing("model_q4.onnx"), "wasm", testDevice(), "m").graph).toBe("model_q4.onnx");
    const old = listing("onnx/decoder_model_merged_quantized.onnx");
    expect(planOnnxFiles(old, "wasm", testDevice(), "m").graph).toBe("onnx/decoder_model_merged_quantized.onnx");
  });

  it("does not invent a size if one is unknown", () => {
    const files = [...listing("onnx/model_q4.onnx"), { path: "onnx/model_q4.onnx_data", bytes: undefined }];
    expect(planOnnxFiles(files, "wasm", testDevice(), "m").downloadBytes).toBeUndefined();
  });

  it("explains why a repository cannot be run", () => {
    const plan = (files: { path: string }[]) => () =>
      planOnnxFiles(
        files.map(({ path }) => ({ path, bytes: 1 })),
        "wasm",
        testDevice(),
        "m",
      );
    expect(plan(listing())).toThrow(expect.objectContaining({ code: "not-a-model" }));
    expect(plan(listing("onnx/encoder_model.onnx", "onnx/decoder_model_merged.onnx"))).toThrow(
      expect.objectContaining({ code: "unsupported-model" }),
    );
    expect(plan(listing("onnx/model_odd.onnx"))).toThrow(expect.objectContaining({ code: "unsupported-model" }));
    expect(plan([{ path: "onnx/model_q4.onnx" }, { path: "config.json" }])).toThrow(
      expect.objectContaining({ code: "file-missing", message: expect.stringContaining("tokenizer.json") as string }),
    );
  });
});

describe("externalDataFiles", () => {
  const graph = "onnx/model_q4.onnx";

  it.each([
    [undefined, []],
    [false, []],
    [true, ["onnx/model_q4.onnx_data"]],
    [2, ["onnx/model_q4.onnx_data", "onnx/model_q4.onnx_data_1"]],
    [{ "model_q4.onnx": true }, ["onnx/model_q4.onnx_data"]],
    [{ model_q4: 1 }, ["onnx/model_q4.onnx_data"]],
    [{ model: 1, "model_q4.onnx": 0 }, []],
    [{ model: 1 }, ["onnx/model_q4.onnx_data"]],
    [{ "model_fp16.onnx": 3 }, []],
    [{ "model_q4.onnx": { deep: true } }, []],
    ["yes", []],
    [-1, []],
  ])("reads %j", (format, files) => {
    expect(externalDataFiles(graph, format)).toEqual(files);
  });

  it("limits an absurd number of files", () => {
    expect(externalDataFiles(graph, 1e9).length).toBeLessThanOrEqual(100);
  });
});
