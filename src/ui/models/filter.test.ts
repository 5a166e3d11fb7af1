import { describe, expect, test } from "vitest";
import { fakeModels, guideOffer } from "../testing/fixtures";
import { filterModels } from "./filter";

const state = { models: fakeModels, loads: {} };

describe("filterModels", () => {
  test("lists the built-in model first, then stored ones, then what fits by size, then the rest", () => {
    const models = filterModels(state, "", "all");
    expect(models).toHaveLength(fakeModels.length);
    expect(models[0]?.id).toBe("guide");
    expect(models.slice(1, 3).map(({ stored }) => stored)).toEqual(expect.arrayContaining(["yes", "partial"]));
    const fits = models.slice(3).map(({ fit }) => fit.fits);
    expect(fits.indexOf(false)).toBeGreaterThan(fits.lastIndexOf(true));
  });

  test("finds models that have every word, in any order", () => {
    const models = filterModels(state, "instruct llama q4f32", "all");
    expect(models.length).toBeGreaterThan(0);
    expect(models.every(({ name }) => /llama/i.test(name) && /q4f32/i.test(name))).toBe(true);
  });

  test.each(["fits", "stored", "onnx", "webllm"] as const)("filters by %s", (filter) => {
    const models = filterModels(state, "", filter);
    expect(models.length).toBeGreaterThan(0);
    expect(models.length).toBeLessThan(fakeModels.length);
  });

  test("a row stays where it is while it loads, until the list is sorted anew", () => {
    const ranks = new Map<string, number>();
    const before = filterModels(state, "", "all", ranks);
    const last = before.at(-1)?.id ?? "";
    const loading = { ...state, loads: { [last]: { kind: "ready" as const, offer: guideOffer } } };
    expect(filterModels(loading, "", "all", ranks).at(-1)?.id).toBe(last);
    expect(filterModels(loading, "", "all")[0]?.id).toBe(last);
  });
});
