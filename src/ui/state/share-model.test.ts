/** A device that begins to share gets the model that the room uses, unless its user says no. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { TypedEventTarget, deferred } from "../../core";
import type { GridApi, GridEvents, GridState } from "../../grid";
import { settle } from "../testing/scripted-model";
import { ModelLoads } from "./loads";
import { ShareModel } from "./share-model";

const SMALL = { id: "small", name: "Small", downloadBytes: 6e6, stored: "no", fit: { fits: true } };
const LARGE = { id: "large", name: "Large", downloadBytes: 900e6, stored: "no", fit: { fits: true } };
const HUGE = { id: "huge", name: "Huge", downloadBytes: 9e9, stored: "no", fit: { fits: false, reason: "" } };

class StubGrid extends TypedEventTarget<GridEvents> {
  state = {
    role: "leader",
    policy: { privacy: "room" },
    loads: {},
    models: [SMALL, LARGE, HUGE],
    room: undefined,
  } as unknown as GridState;
  readonly loading = new Map<string, AbortSignal | undefined>();
  readonly models = {
    load: (id: string, { signal }: { signal?: AbortSignal }) => {
      this.loading.set(id, signal);
      return deferred<void>().promise;
    },
  };

  /** A room in which this device shares, and others offer these models. */
  room(share: boolean, ...offers: readonly string[]): void {
    const peers = offers.map((model) => ({ sharing: true, offers: [{ model }] }));
    const room = { peers, membership: { kind: "member" }, share: share && { options: {} }, charter: { models: "any" } };
    this.set({ room: room as never });
  }

  set(patch: Partial<GridState>): void {
    this.state = { ...this.state, ...patch };
    this.emit("change", this.state);
  }
}

let grid: StubGrid;
let share: ShareModel;

beforeEach(() => {
  grid = new StubGrid();
  const api = grid as unknown as GridApi;
  share = new ShareModel(api, new ModelLoads(api));
});

afterEach(() => share.close());

test("a small model that the room uses is loaded at once, and the user can end that", async () => {
  grid.room(false, "small");
  expect(grid.loading.size).toBe(0);
  grid.room(true, "small");
  expect([...grid.loading.keys()]).toEqual(["small"]);
  expect(share.wanted).toMatchObject({ model: { id: "small" }, asks: false });
  share.decline();
  await settle();
  expect(grid.loading.get("small")?.aborted).toBe(true);
  expect(share.wanted).toBeUndefined();
  // The answer holds while sharing goes on.
  grid.room(true, "small", "small");
  expect(grid.loading.size).toBe(1);
});

test("a large model is loaded only if the user agrees, and a stored one at once", () => {
  grid.room(true, "large", "large", "huge");
  expect(share.wanted).toMatchObject({ model: { id: "large" }, asks: true });
  expect(grid.loading.size).toBe(0);
  share.agree();
  expect([...grid.loading.keys()]).toEqual(["large"]);
  grid.room(false);
  grid.loading.clear();
  grid.set({ models: [{ ...LARGE, stored: "yes" }] as never });
  grid.room(true, "large");
  expect([...grid.loading.keys()]).toEqual(["large"]);
});

test("offers that come later count, and a device with a model of its own needs no other", () => {
  grid.room(true);
  expect(share.wanted).toBeUndefined();
  grid.room(true, "large");
  expect(share.wanted?.model.id).toBe("large");
  grid.set({ loads: { other: { kind: "ready", offer: { model: "other" } } } as never });
  expect(share.wanted).toBeUndefined();
});
