/** Loads that go wrong on this device, with a library and engines that only answer what the test says. */
import { beforeEach, describe, expect, it } from "vitest";
import { errorToData, MicrogridError } from "../core";
import type { Backend, DeviceInfo, EngineSupervisor, LoadedModelInfo } from "../inference";
import { CopyDeleted, type ModelLibrary } from "../models";
import type { LocalProvider } from "./local-provider";
import { NodeModels } from "./models";
import type { StateStore } from "./state-store";
import type { GridState, Notice } from "./types";

interface Variant {
  readonly graph: string;
  readonly backend: Backend;
}
type Replacement = Variant & { readonly stored: boolean; readonly downloadBytes: number | undefined };

const never = new AbortController().signal;
const gpu = { webgpu: { software: false, features: [] } } as unknown as DeviceInfo;
let notices: Notice[];
let loaded: Variant[];
let loads: GridState["loads"];

/** Models whose variants are loaded in the order of `variants`; all but the last give wrong results. `refusals` come before a download. */
function models(
  first: Variant,
  replacements: readonly (Replacement | undefined)[],
  codes: readonly string[],
  refusals: readonly Error[] = [],
) {
  const queue = [...replacements];
  const refused = [...refusals];
  let current = first;
  const library = {
    list: () => [{ id: "m", name: "Model", engine: "onnx", downloadBytes: 10 }],
    on: () => undefined,
    refresh: () => Promise.resolve(),
    afterFailedLoad: (_: string, { error }: { error: unknown }) => Promise.resolve(error),
    graphOn: () => current.graph,
    backendFor: (_: string, preferred: Backend) => preferred,
    prepare: (id: string, { backend }: { backend: Backend }) => {
      const refusal = refused.shift();
      if (refusal) return Promise.reject(refusal);
      const pkg = { engine: "onnx", id, name: "Model", graph: current.graph, files: [], packageHash: backend };
      return Promise.resolve(pkg);
    },
    replace: (_: string, failed: Variant, backends: readonly Backend[]) => {
      expect(failed).toEqual(current);
      const next = queue.shift();
      if (next) expect(backends).toContain(next.backend);
      if (next) current = { graph: next.graph, backend: next.backend };
      return Promise.resolve(next);
    },
  };
  const errors = [...codes];
  const supervisor = {
    on: () => undefined,
    prepare: () => ({ ready: Promise.resolve(), [Symbol.dispose]: () => undefined }),
    load: (pkg: { graph: string }, { backend }: { backend: Backend }) => {
      loaded.push({ graph: pkg.graph, backend });
      const code = errors.shift();
      if (code) return Promise.reject(new MicrogridError(code as "wrong-results", "It is wrong."));
      return Promise.resolve({ id: "m", backend } as LoadedModelInfo);
    },
  };
  const state = { loads: {} };
  const patch = (change: Pick<GridState, "loads">): void => void (loads = change.loads);
  const store = { state, patch, notify: (notice: Notice) => notices.push(notice) };
  return new NodeModels({
    library: library as unknown as ModelLibrary,
    supervisor: supervisor as unknown as EngineSupervisor,
    local: { add: (info: unknown) => info, delete: () => undefined } as unknown as LocalProvider,
    device: gpu,
    store: store as unknown as StateStore,
    onChange: () => undefined,
  });
}

const half = { graph: "onnx/model_q4f16.onnx", backend: "webgpu" } as const;
const full = { graph: "onnx/model_q4.onnx", backend: "webgpu", stored: true, downloadBytes: 10 } as const;
const cpu = { ...full, backend: "wasm" } as const;

describe("a model whose results are wrong here", () => {
  beforeEach(() => {
    notices = [];
    loaded = [];
  });

  it("runs as the next variant that is stored, and the page says so", async () => {
    await models(half, [full], ["wrong-results"]).load("m", {}, never);
    expect(loaded.map(({ graph }) => graph)).toEqual([half.graph, full.graph]);
    expect(notices.map(({ text }) => text)).toEqual([
      "Model (q4f16) computes wrong results on the graphics card. It runs as q4 on the graphics card instead.",
    ]);
  });

  it("runs on the CPU at last", async () => {
    await models(half, [full, cpu], ["shader-f16-missing", "wrong-results"]).load("m", {}, never);
    expect(loaded.map(({ backend }) => backend)).toEqual(["webgpu", "webgpu", "wasm"]);
    expect(notices.map(({ text }) => text)).toEqual([
      "Model (q4f16) needs 16-bit arithmetic, which is missing on the graphics card. It runs as q4 on the graphics card instead.",
      "Model (q4) computes wrong results on the graphics card. It runs as q4 on the CPU (WASM) instead, which is slower.",
    ]);
  });

  it("downloads nothing before the size was told", async () => {
    const missing = { ...cpu, stored: false, downloadBytes: 1_200_000_000 };
    await expect(models(half, [missing], ["wrong-results"]).load("m", {}, never)).rejects.toMatchObject({
      code: "wrong-results",
      message: expect.stringMatching(/Load the model again to use q4 on the CPU \(WASM\) instead.*1\.2 GB/) as unknown,
    });
    expect(loaded).toHaveLength(1);
  });

  it("is replaced before its download if that is not larger, and the page says why", async () => {
    const unfit = new MicrogridError("gpu-unfit", "It has an operator. Choose another.");
    await models(half, [{ ...cpu, stored: false }], [], [unfit]).load("m", {}, never);
    expect(loaded).toEqual([{ graph: cpu.graph, backend: "wasm" }]);
    expect(notices.map(({ text }) => text)).toEqual([
      "Model (q4f16) cannot run on the graphics card (It has an operator). It runs as q4 on the CPU (WASM) instead, which is slower.",
    ]);
    const larger = models(half, [{ ...cpu, stored: false, downloadBytes: 11 }], [], [unfit]);
    await expect(larger.load("m", {}, never)).rejects.toMatchObject({
      message: expect.stringContaining("Load the model again to use q4 on the CPU (WASM)") as unknown,
    });
  });

  it("says if its copy was deleted, so that the page can offer another download", async () => {
    for (const copyDeleted of [true, false]) {
      const error = new MicrogridError("file-corrupt", "It is damaged.");
      const all = models(half, [], [], [copyDeleted ? new CopyDeleted(error) : error]);
      await expect(all.load("m", {}, never)).rejects.toMatchObject({ code: "file-corrupt" });
      expect(loads.m).toEqual({ kind: "failed", error: errorToData(error), ...(copyDeleted && { copyDeleted }) });
    }
  });

  it("stays on the backend that was asked for", async () => {
    const all = models(half, [undefined], ["wrong-results"]);
    await expect(all.load("m", { backend: "webgpu" }, never)).rejects.toMatchObject({ message: "It is wrong." });
  });

  it("is not replaced after other errors", async () => {
    await expect(models(half, [full], ["file-corrupt"]).load("m", {}, never)).rejects.toMatchObject({
      code: "file-corrupt",
    });
    expect(notices).toEqual([]);
  });
});
