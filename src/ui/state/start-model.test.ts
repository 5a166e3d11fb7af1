import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { TypedEventTarget } from "../../core";
import type { GridApi, GridEvents, GridState, LoadState, PeerState, RoomState } from "../../grid";
import { ModelLoads } from "./loads";
import { GUIDE } from "./models";
import { StartModel } from "./start-model";

const OFFER = { model: GUIDE, name: "Guide" };
const READY = { kind: "ready", offer: OFFER } as unknown as LoadState;
const SHARER = { sharing: true, offers: [OFFER] } as unknown as PeerState;

class StubGrid extends TypedEventTarget<GridEvents> {
  state = {
    role: "leader",
    policy: { privacy: "room" },
    loads: {},
    pipelines: [],
    room: undefined,
  } as unknown as GridState;
  readonly loaded: string[] = [];
  readonly models = {
    list: () => Promise.resolve([]),
    load: (id: string) => {
      this.loaded.push(id);
      this.set({ loads: { [id]: READY } });
      return Promise.resolve();
    },
  };

  set(patch: Partial<GridState>): void {
    this.state = { ...this.state, ...patch };
    this.emit("change", this.state);
  }

  room(...peers: PeerState[]): void {
    this.set({ room: { name: "Attic", peers } as unknown as RoomState });
  }
}

let grid: StubGrid;
let answers: { asked: string | undefined; lost: boolean };
let start: StartModel;

beforeEach(() => {
  vi.useFakeTimers();
  grid = new StubGrid();
  answers = { asked: undefined, lost: false };
  const api = grid as unknown as GridApi;
  start = new StartModel(api, new ModelLoads(api), () => answers);
});

afterEach(() => {
  start.close();
  vi.useRealTimers();
});

/** Lets everything happen that would happen in an hour. */
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(3_600_000);

test("without a room, the guide is loaded as soon as the start is requested", async () => {
  await settle();
  expect(grid.loaded).toEqual([]);
  start.begin();
  expect(start.pending).toBe(true);
  await vi.advanceTimersByTimeAsync(0);
  expect(grid.loaded).toEqual([GUIDE]);
  expect(start.pending).toBe(false);
});

test("the start waits a moment for a room to offer a model", async () => {
  grid.room();
  start.begin();
  await vi.advanceTimersByTimeAsync(500);
  expect(start.pending).toBe(true);
  grid.room(SHARER);
  expect(start.pending).toBe(false);
  await settle();
  expect(grid.loaded).toEqual([]);
});

test("a room that offers nothing is replaced by this device", async () => {
  grid.room();
  start.begin();
  await settle();
  expect(grid.loaded).toEqual([GUIDE]);
});

test("a room that has lost its last offer is replaced by this device", async () => {
  grid.room(SHARER);
  start.begin();
  await settle();
  grid.room();
  await settle();
  expect(grid.loaded).toEqual([GUIDE]);
});

test("an answer that lost its provider does not wait", async () => {
  grid.room(SHARER);
  start.begin();
  answers.asked = GUIDE;
  grid.room();
  await vi.advanceTimersByTimeAsync(0);
  expect(grid.loaded).toEqual([GUIDE]);
});

test("a model that the user unloaded stays unloaded until the user loads one", async () => {
  grid.room();
  start.begin();
  await settle();
  grid.set({ loads: {} });
  grid.room(SHARER);
  grid.room();
  grid.set({ room: undefined });
  await settle();
  expect(grid.loaded).toEqual([GUIDE]);
  expect(start.pending).toBe(false);

  grid.set({ loads: { other: READY } });
  grid.set({ loads: {}, role: "starting" });
  grid.set({ role: "leader" });
  await settle();
  expect(grid.loaded).toEqual([GUIDE, GUIDE]);
});

test("a guide that cannot be loaded is not tried repeatedly", async () => {
  const error = { code: "out-of-memory", message: "This device has not enough free memory for this model." } as const;
  grid.models.load = (id) => {
    grid.loaded.push(id);
    grid.set({ loads: { [id]: { kind: "failed", error } } });
    return Promise.reject(new Error(error.message));
  };
  grid.room();
  start.begin();
  await settle();
  grid.room(SHARER);
  grid.room();
  await settle();
  expect(grid.loaded).toEqual([GUIDE]);
});

test("a model that crashed the page is not loaded again automatically", async () => {
  grid.set({ loads: { [GUIDE]: { kind: "failed", error: { code: "out-of-memory", message: "It died." } } } });
  start.begin();
  await settle();
  expect(grid.loaded).toEqual([]);
  expect(start.pending).toBe(false);
});

test("the guide is loaded for an answer that its only provider has failed, but not for one that moves on at once", async () => {
  grid.room(SHARER);
  start.begin();
  answers.lost = true;
  start.look();
  answers.lost = false;
  start.look();
  await settle();
  expect(grid.loaded).toEqual([]);
  answers.lost = true;
  start.look();
  await settle();
  expect(grid.loaded).toEqual([GUIDE]);
});
