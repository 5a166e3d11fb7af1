import type { RoomState } from "../../grid";
import { describe, expect, test } from "vitest";
import { fakeState } from "../testing/fixtures";
import { fakeModels, guideOffer } from "../testing/model-fixtures";
import { fakePeers, openCharter } from "../testing/room-fixtures";
import { filterModels, filtersFor } from "./filter";

const state = fakeState({ loading: true, notices: false, house: false });

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

  test("takes a number from its first digit: 8b is not 0.8b or 18b", () => {
    const [first] = fakeModels;
    const models = ["Qwen3.5-0.8B", "Qwen3-8B", "Qwen3-18B"].map((name) => ({ ...first!, id: name, name, origin: "" }));
    const found = (search: string) => filterModels({ ...state, models }, search, "all").map(({ name }) => name);
    expect(found("qwen3 8b")).toEqual(["Qwen3-8B"]);
    expect(found("0.8")).toEqual(["Qwen3.5-0.8B"]);
    expect(found("qwen3.5")).toEqual(["Qwen3.5-0.8B"]);
  });

  test.each(["fits", "stored", "onnx", "webllm"] as const)("filters by %s", (filter) => {
    const models = filterModels(state, "", filter);
    expect(models.length).toBeGreaterThan(0);
    expect(models.length).toBeLessThan(fakeModels.length);
  });

  test("keeps a row in place while it loads, until the list is sorted again", () => {
    const ranks = new Map<string, number>();
    const before = filterModels(state, "", "all", ranks);
    const last = before.at(-1)?.id ?? "";
    const loading = { ...state, loads: { [last]: { kind: "ready" as const, offer: guideOffer } } };
    expect(filterModels(loading, "", "all", ranks).at(-1)?.id).toBe(last);
    expect(filterModels(loading, "", "all")[0]?.id).toBe(last);
  });

  test("filters by models for the room: all that could be split, whether or not they fit here", () => {
    const room = { membership: { kind: "member" }, charter: openCharter, peers: fakePeers } as unknown as RoomState;
    const inRoom = { ...state, room };
    expect(filtersFor(state).map(([filter]) => filter)).not.toContain("room");
    expect(filtersFor(inRoom).map(([filter]) => filter)).toContain("room");
    expect(filterModels(state, "", "room")).toEqual([]);
    const large = filterModels(inRoom, "", "room");
    expect(large.map(({ name }) => name)).toEqual(expect.arrayContaining(["Llama-3.1-8B-Instruct", "Qwen3-30B-A3B"]));
    expect(large.map(({ id }) => id)).toContain("guide");
    expect(large.every(({ engine }) => engine === "onnx")).toBe(true);
  });

  test("lists models first that run on several devices", () => {
    const last = filterModels(state, "", "all").at(-1)!;
    const pipelines = [{ model: last.id } as unknown as (typeof state.pipelines)[number]];
    expect(filterModels({ ...state, pipelines }, "", "all")[0]?.id).toBe(last.id);
  });
});
