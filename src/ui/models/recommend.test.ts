import { describe, expect, it } from "vitest";
import type { GridState, LoadState, ModelInfo } from "../../grid";
import { testDevice } from "../../models/testing";
import { catalogState } from "../testing/catalog-state";
import { guideOffer } from "../testing/model-fixtures";
import { fakePeers } from "../testing/room-fixtures";
import { recommend } from "./recommend";

const CPU = testDevice({ webgpu: false });

function recommended(state: GridState): unknown {
  const found = recommend(state, undefined);
  return found?.kind === "load" ? { id: found.model.id, slow: found.slow } : found;
}

describe("the recommendation", () => {
  it("is a strong model of some size, if there is a GPU", () => {
    expect(recommended(catalogState({ ...testDevice(), memoryBytes: 8 * 2 ** 30 }, 200))).toEqual({
      id: "Qwen3-1.7B-q4f16_1-MLC",
      slow: false,
    });
  });

  it("is a variant without 16-bit arithmetic, if the GPU has none", () => {
    const found = recommend(
      catalogState({ ...testDevice({ features: [] }), memoryBytes: 8 * 2 ** 30 }, 200),
      undefined,
    );
    expect(found).toMatchObject({ kind: "load", model: { id: expect.stringMatching(/q4f32/) as string }, slow: false });
  });

  it("is a smaller one on a phone", () => {
    const phone = { ...testDevice(), mobile: true, memoryBytes: 4 * 2 ** 30 };
    const found = recommend(catalogState(phone, 60), undefined);
    expect(found?.kind === "load" && found.model.downloadBytes).toBeLessThan(0.8e9);
  });

  it("is the fastest one on a processor where all are slow, and says so", () => {
    expect(recommended(catalogState(CPU, 100))).toEqual({ id: "HuggingFaceTB/SmolLM2-135M-Instruct", slow: true });
  });

  it("is a room where the fastest one would write less than a token per second, unless it is here or on its way", () => {
    const id = "HuggingFaceTB/SmolLM2-135M-Instruct";
    const slowest = catalogState(CPU, 10);
    expect(recommended(slowest)).toMatchObject({ kind: "too-slow", rate: expect.any(Number) as number });
    const stored = catalogState(CPU, 50, (model) => (model.id === id ? { stored: "yes" } : {}));
    expect(recommended(stored)).toMatchObject({ id });
    const loading = { ...slowest.loads, [id]: { kind: "loading" } as LoadState };
    expect(recommended({ ...slowest, loads: loading })).toMatchObject({ id });
  });

  it("is the smallest one on a processor as long as nothing was measured", () => {
    const state = catalogState(CPU, 100);
    const { offer } = state.loads.guide as Extract<LoadState, { kind: "ready" }>;
    const unmeasured = { guide: { kind: "ready", offer: { ...offer, decodeRate: undefined } } } as const;
    expect(recommended({ ...state, loads: unmeasured })).toMatchObject({ id: "HuggingFaceTB/SmolLM2-135M-Instruct" });
  });

  it("is a larger one on a processor that is fast enough for it", () => {
    const found = recommend(catalogState(CPU, 8000), undefined);
    expect(found).toMatchObject({ kind: "load", slow: false });
    expect(found?.kind === "load" && found.model.name).not.toBe("SmolLM2 135M");
  });

  it("prefers files that are stored already", () => {
    const id = "SmolLM2-1.7B-Instruct-q4f16_1-MLC";
    const stored = (model: ModelInfo): Partial<ModelInfo> => (model.id === id ? { stored: "yes" } : {});
    expect(recommended(catalogState(testDevice(), 200))).not.toEqual({ id, slow: false });
    const llama = "Llama-3.2-3B-Instruct-q4f16_1-MLC";
    expect(
      recommended(
        catalogState({ ...testDevice(), memoryBytes: 8 * 2 ** 30 }, 200, (model) =>
          model.id === llama ? { stored: "yes" } : stored(model),
        ),
      ),
    ).toEqual({ id: llama, slow: false });
  });

  it("goes by the speed that a model had here on an earlier visit, not by what is expected", () => {
    const id = "bartowski/SmolLM2-360M-Instruct-GGUF";
    const state = catalogState(CPU, 100);
    const speed = { model: id, backend: "wasm", average: 6, last: 7 } as const;
    expect(recommended({ ...state, speeds: [speed] })).toEqual({ id, slow: false });
    // A speed on the other backend says nothing about this one.
    expect(recommended({ ...state, speeds: [{ ...speed, backend: "webgpu" }] })).toMatchObject({ slow: true });
  });

  it("is the variant that is fastest here, and leaves no graphics card idle", () => {
    const among = (device: GridState["device"]): unknown => {
      const state = catalogState(device, 3000);
      const models = state.models.filter(({ id }) => /Qwen3-0\.6B-(ONNX|GGUF)/.test(id));
      return recommended({ ...state, models });
    };
    expect(among(testDevice())).toMatchObject({ id: "onnx-community/Qwen3-0.6B-ONNX" });
    expect(among(CPU)).toMatchObject({ id: "unsloth/Qwen3-0.6B-GGUF" });
  });

  it("judges other models by what was measured on an earlier visit, before any is loaded", () => {
    const state = catalogState(CPU, 100);
    const speed = { model: "guide", backend: "wasm", average: 8000, last: 8000 } as const;
    expect(recommended(state)).toMatchObject({ slow: true });
    expect(recommended({ ...state, speeds: [speed] })).toMatchObject({ slow: false });
  });

  it("stays with a model that has been begun, whatever is measured since", () => {
    const id = "HuggingFaceTB/SmolLM2-360M-Instruct";
    for (const kind of ["loading", "failed"] as const) {
      const state = catalogState(CPU, 100);
      const loads = { ...state.loads, [id]: { kind } as unknown as LoadState };
      expect(recommended({ ...state, loads })).toMatchObject({ id });
    }
  });

  it("is a model that a member of the room offers, unless chats stay on this device", () => {
    const state = { ...catalogState(testDevice(), 200), room: { peers: fakePeers } as unknown as GridState["room"] };
    expect(recommended(state)).toMatchObject({
      kind: "ask",
      peer: { name: "Library kiosk 3" },
      offer: { name: "Gemma 3 12B" },
    });
    expect(recommended({ ...state, policy: { ...state.policy, privacy: "device" } })).toMatchObject({ slow: false });
  });

  it("says plainly that no model fits", () => {
    expect(recommended(catalogState({ ...CPU, memoryBytes: 2 ** 28 }, 300))).toEqual({ kind: "none" });
  });

  it("is silent while something better answers, and until the demo is ready", () => {
    const state = catalogState(testDevice(), 200);
    const better = { ...guideOffer, model: "Llama-3.2-1B-Instruct-q4f16_1-MLC" };
    expect(
      recommended({ ...state, loads: { ...state.loads, [better.model]: { kind: "ready", offer: better } } }),
    ).toBeUndefined();
    expect(recommended({ ...state, loads: {} })).toBeUndefined();
  });
});
