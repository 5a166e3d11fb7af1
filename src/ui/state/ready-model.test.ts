import { expect, test } from "vitest";
import { TypedEventTarget } from "../../core";
import type { GridApi, GridEvents, GridState, LoadState } from "../../grid";
import { type Arrivals, readyModel } from "./ready-model";

const ready = { kind: "ready", offer: { model: "guide", name: "Guide" } } as unknown as LoadState;
const failed = { kind: "failed", error: { message: "A file is missing." } } as unknown as LoadState;

class StubGrid extends TypedEventTarget<GridEvents> {
  state = { role: "leader", policy: { privacy: "room" }, loads: {}, pipelines: [] } as unknown as GridState;

  set(patch: Partial<GridState>): void {
    this.state = { ...this.state, ...patch };
    this.emit("change", this.state);
  }
}

class StubArrivals extends TypedEventTarget<{ change: undefined }> implements Arrivals {
  pending = true;

  giveUp(): void {
    this.pending = false;
    this.emit("change", undefined);
  }
}

function search(loads: GridState["loads"] = {}) {
  const grid = new StubGrid();
  grid.set({ loads });
  const arrivals = new StubArrivals();
  const abort = new AbortController();
  let waited = false;
  const onWait = (): void => void (waited = true);
  const find = readyModel(grid as unknown as GridApi, arrivals);
  const found = find({ conversation: "c", wanted: "guide", signal: abort.signal, onWait });
  return { grid, arrivals, abort, found, waited: () => waited };
}

test("a model that is ready answers at once", async () => {
  const { found, waited } = search({ guide: ready });
  expect((await found).offer.model).toBe("guide");
  expect(waited()).toBe(false);
});

test("an answer waits for a model that is about to be loaded", async () => {
  const { found, waited, grid } = search();
  expect(waited()).toBe(true);
  grid.set({ loads: { guide: ready } });
  expect((await found).offer.model).toBe("guide");
});

test("the wait ends once no model can come any more, with the reason", async () => {
  const { found, arrivals } = search();
  arrivals.giveUp();
  await expect(found).rejects.toMatchObject({ code: "model-not-loaded" });
  const other = search({ guide: failed });
  other.arrivals.giveUp();
  await expect(other.found).rejects.toThrow("A file is missing.");
});

test("the wait ends when the answer is stopped", async () => {
  const { found, abort } = search();
  abort.abort();
  await expect(found).rejects.toMatchObject({ name: "AbortError" });
});
