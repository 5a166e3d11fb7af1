import { describe, expect, it } from "vitest";
import { packageFiles, planOnnxFiles } from "./onnx-files";
import { testDevice } from "./testing";
import { externalDataFiles } from "./variants";

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
    // 4-bit weights are slow there, unless they are few enough to be expanded.
    expect(chosen(all, "wasm")).toBe("onnx/model_quantized.onnx");
    expect(chosen(["", "_q4", "_q4f16"], "wasm")).toBe("onnx/model_q4.onnx");
  });

  it("falls back to the best variant for the backend", () => {
    expect(chosen(["", "_fp16", "_quantized"], "webgpu")).toBe("onnx/model_fp16.onnx");
    expect(chosen(["", "_fp16", "_quantized"], "webgpu", [])).toBe("onnx/model.onnx");
    expect(chosen(["", "_fp16", "_quantized"], "wasm")).toBe("onnx/model_quantized.onnx");
    expect(chosen(["_fp16"], "wasm")).toBe("onnx/model_fp16.onnx");
  });

  it("never gives a GPU without 16-bit arithmetic a graph that needs it", () => {
    expect(() => chosen(["_fp16", "_q4f16"], "webgpu", [])).toThrow(
      expect.objectContaining({ code: "shader-f16-missing" }),
    );
  });

  it("takes weights of 1 and 2 bits, also if there is nothing else", () => {
    expect(chosen(["_q1", "_q1f16", "_q2", "_q2f16"], "webgpu")).toBe("onnx/model_q2f16.onnx");
    expect(chosen(["_q1", "_q1f16", "_q2", "_q2f16"], "webgpu", [])).toBe("onnx/model_q2.onnx");
    expect(chosen(["_q1f16", "_q1"], "wasm")).toBe("onnx/model_q1.onnx");
    expect(chosen(["_q2", "_q4"], "wasm")).toBe("onnx/model_q4.onnx");
  });

  it("blames 16-bit arithmetic only if that is what all variants need", () => {
    expect(() => chosen(["_bnb4", "_fp16"], "webgpu", [])).toThrow(
      expect.objectContaining({ code: "unsupported-model", message: expect.not.stringContaining("f16 ") as string }),
    );
    expect(() => chosen(["_bnb4"], "webgpu")).toThrow(/model_bnb4\.onnx\) do not run on the GPU/);
    expect(() => chosen(["_odd"], "webgpu", [])).toThrow(/it has onnx\/model_odd\.onnx\./);
  });

  const inFolders = (...folders: string[]) =>
    folders.flatMap((folder) =>
      ["genai_config.json", "tokenizer.json", "model.onnx"].map((name) => ({ path: `${folder}/${name}`, bytes: 1 })),
    );

  it.each([
    ["webgpu", ["shader-f16"], "gpu/gpu-int4-rtn-block-32"],
    ["webgpu", [], "cpu_and_mobile/cpu-int4-rtn-block-32"],
    ["wasm", [], "cpu_and_mobile/cpu-int4-rtn-block-32"],
  ] as const)("chooses among graphs in folders for %s with %j", (backend, features, folder) => {
    const cpu = "cpu_and_mobile/cpu-int4-rtn-block-32";
    const files = inFolders("cuda/cuda-fp16", `${cpu}-acc-level-4`, cpu, "gpu/gpu-int4-rtn-block-32");
    expect(planOnnxFiles(files, backend, testDevice({ features }), "m").graph).toBe(`${folder}/model.onnx`);
  });

  it("takes the settings nearest to the graph, and gives them to the engine under their usual names", () => {
    const others = ["config.json", "generation_config.json", "cpu/chat_template.jinja", "gpu/genai_config.json"];
    const files = [
      ...inFolders("gpu/int4"),
      ...[...others, "gpu/additional_chat_templates/tool_use.jinja"].map((path) => ({ path, bytes: 1 })),
    ];
    const plan = planOnnxFiles(files, "wasm", testDevice(), "m");
    expect(plan.files.map(({ path }) => path)).toEqual([
      "gpu/additional_chat_templates/tool_use.jinja",
      ...["config.json", "gpu/int4/genai_config.json", "gpu/int4/tokenizer.json", "generation_config.json"],
      "gpu/int4/model.onnx",
    ]);
    const blobs = plan.files.map(({ path }) => ({ path, blob: new Blob([path]) }));
    expect(packageFiles(plan, blobs).map(({ path }) => path)).toEqual([
      "additional_chat_templates/tool_use.jinja",
      ...["config.json", "genai_config.json", "tokenizer.json", "generation_config.json"],
      "gpu/int4/model.onnx",
    ]);
  });

  it("knows a graph by its folder's settings, whatever its name is", () => {
    const folder = "directml/directml-int4-awq-block-128";
    const files = ["genai_config.json", "tokenizer.json", "phi3-directml-int4.onnx", "phi3-directml-int4.onnx.data"];
    const plan = planOnnxFiles(
      files.map((name) => ({ path: `${folder}/${name}`, bytes: 1 })),
      "webgpu",
      testDevice(),
      "m",
    );
    expect(plan.graph).toBe(`${folder}/phi3-directml-int4.onnx`);
    expect(plan.data.map(({ path }) => path)).toEqual([`${folder}/phi3-directml-int4.onnx.data`]);
  });

  const apart = [
    ...["embed_tokens_q4.onnx", "embed_tokens_q4.onnx_data", "embed_tokens_fp16.onnx", "embed_tokens_fp16.onnx_data"],
    ...["decoder_model_merged_q4.onnx", "decoder_model_merged_q4.onnx_data", "decoder_model_merged_q4.onnx_data_1"],
    ...["decoder_model_merged_q4f16.onnx", "vision_encoder_q4.onnx", "audio_encoder.onnx", "audio_encoder.onnx_data"],
  ].map((name) => `onnx/${name}`);

  it("takes the embedding and the decoder of a model that also sees and hears, and nothing else", () => {
    const plan = planOnnxFiles(listing(...apart), "wasm", testDevice(), "m");
    expect([plan.graph, plan.embedder]).toEqual(["onnx/decoder_model_merged_q4.onnx", "onnx/embed_tokens_q4.onnx"]);
    expect(plan.data.map(({ path }) => path)).toEqual([
      "onnx/embed_tokens_q4.onnx_data",
      ...["onnx/decoder_model_merged_q4.onnx_data", "onnx/decoder_model_merged_q4.onnx_data_1"],
    ]);
    expect(plan.files.filter(({ path }) => /vision|audio|fp16/.test(path))).toEqual([]);
    expect(plan.weightBytes).toBe(50);
  });

  it("takes the embedding of another variant if its own is missing, but none that the device cannot run", () => {
    const embedder = (features: readonly string[], ...files: string[]) =>
      planOnnxFiles(listing(...files.map((name) => `onnx/${name}.onnx`)), "webgpu", testDevice({ features }), "m")
        .embedder;
    const half = "decoder_model_merged_q4f16";
    expect(embedder(["shader-f16"], half, "embed_tokens_q4", "embed_tokens_q4f16")).toBe(
      "onnx/embed_tokens_q4f16.onnx",
    );
    expect(embedder(["shader-f16"], half, "embed_tokens_quantized", "embed_tokens")).toBe(
      "onnx/embed_tokens_quantized.onnx",
    );
    expect(embedder([], "decoder_model_merged_q4", "embed_tokens_fp16", "embed_tokens")).toBe("onnx/embed_tokens.onnx");
    expect(() => embedder([], "decoder_model_merged_q4", "embed_tokens_fp16")).toThrow("embed_tokens_fp16.onnx");
  });

  it.each([
    [["encoder_model.onnx", "decoder_model_merged.onnx"], "encoder_model.onnx"],
    [["embed_tokens.onnx", "language_model.onnx"], "embed_tokens.onnx"],
    [["model_q4.onnx", "prepare_inputs_embeds_q4.onnx", "vision_encoder_q4.onnx"], "prepare_inputs_embeds_q4.onnx"],
  ])("refuses graphs that it cannot run together by name: %j", (graphs, named) => {
    const files = listing(...graphs.map((name) => `onnx/${name}`));
    expect(() => planOnnxFiles(files, "wasm", testDevice(), "m")).toThrow(
      expect.objectContaining({ code: "unsupported-model", message: expect.stringContaining(named) as string }),
    );
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
