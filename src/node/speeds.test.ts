/** Measured speeds outlive the page, and are not believed of other hardware. */
import { beforeEach, expect, test, vi } from "vitest";
import type { DeviceInfo, ModelOffer, Usage } from "../inference";
import { OFFER } from "../inference/testing/toy-provider";
import { testDevice } from "../models/testing";
import { ModelSpeeds } from "./speeds";

const CPU = testDevice({ webgpu: false });
const GPU = testDevice();
const offer: ModelOffer = { ...OFFER, decodeRate: 300, prefillRate: 1000 };
const KEY = "microgrid.speeds";
let values: Map<string, string>;

/** An answer of 101 tokens at this rate. */
const usage = (rate: number): Usage => ({
  promptTokens: 10,
  completionTokens: 101,
  cachedTokens: 0,
  prefillMs: 10,
  decodeMs: 100_000 / rate,
});

beforeEach(() => {
  values = new Map();
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => values.set(key, value),
    removeItem: (key: string) => values.delete(key),
  });
});

test("the first answer replaces the rate of the check, and later ones are averaged", () => {
  const speeds = new ModelSpeeds(CPU);
  expect(speeds.recall(offer).decodeRate).toBe(300);
  const first = speeds.learn(offer, usage(60));
  expect(first.decodeRate).toBe(60);
  expect(speeds.learn(first, usage(40)).decodeRate).toBe(50);
  expect(speeds.shown).toEqual([{ model: "toy", backend: "wasm", average: 50, last: 40 }]);
});

test("speeds outlive the page", () => {
  new ModelSpeeds(CPU).learn(offer, usage(60));
  const later = new ModelSpeeds(CPU);
  expect(later.recall(offer).decodeRate).toBe(60);
  expect(later.shown).toHaveLength(1);
});

test("they hold for the same variant, backend and hardware only", () => {
  new ModelSpeeds(CPU).learn(offer, usage(60));
  const again = (device: DeviceInfo, patch: Partial<ModelOffer>): unknown =>
    new ModelSpeeds(device).recall({ ...offer, ...patch }).decodeRate;
  expect(again(CPU, {})).toBe(60);
  expect(again(GPU, {})).toBe(60);
  expect(again(CPU, { packageHash: "other" })).toBe(300);
  expect(again(CPU, { backend: "webgpu" })).toBe(300);
  expect(again({ ...CPU, threads: CPU.threads + 1 }, {})).toBe(300);
});

test("an answer of a few words says nothing", () => {
  const speeds = new ModelSpeeds(CPU);
  expect(speeds.learn(offer, { ...usage(60), completionTokens: 5 }).decodeRate).toBe(300);
  expect(speeds.shown).toEqual([]);
});

test("those measured longest ago are forgotten", () => {
  const speeds = new ModelSpeeds(CPU);
  for (let at = 0; at < 150; at++) speeds.learn({ ...offer, model: `m${at}` }, usage(60));
  speeds.learn({ ...offer, model: "m60" }, usage(60));
  const kept = new ModelSpeeds(CPU).shown.map(({ model }) => model);
  expect(kept).toHaveLength(100);
  expect(kept[0]).toBe("m50");
  expect(kept.at(-1)).toBe("m60");
});

test.each([
  ["no JSON", "{"],
  ["something else", '{"a":1}'],
  ["impossible numbers", `[{"model":"toy","packageHash":"package","backend":"wasm","device":"x","average":-1}]`],
])("%s in the storage is ignored", (_, text) => {
  values.set(KEY, text);
  const speeds = new ModelSpeeds(CPU);
  expect(speeds.shown).toEqual([]);
  expect(speeds.learn(offer, usage(60)).decodeRate).toBe(60);
});
