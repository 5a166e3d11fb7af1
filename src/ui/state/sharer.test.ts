/** A person who shares is warned before a running answer is cut, and the screen stays on only while it helps. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { TypedEventTarget } from "../../core";
import type { GridApi, GridEvents, GridState } from "../../grid";
import { settle, stubBrowser } from "../testing/scripted-model";
import { Sharer } from "./sharer";

class StubGrid extends TypedEventTarget<GridEvents> {
  state = { role: "leader", room: undefined } as unknown as GridState;

  room(room: { readonly serving?: number; readonly share?: unknown }, role = "leader"): void {
    this.state = { role, room: { serving: 0, share: { options: {}, paused: undefined }, ...room } } as never;
    this.emit("change", this.state);
  }
}

let grid: StubGrid;
let sharer: Sharer;
let lock: EventTarget & { release: () => Promise<void> };
const page = new EventTarget();
const request = vi.fn(() => Promise.resolve(lock));

beforeEach(() => {
  stubBrowser();
  vi.stubGlobal("navigator", { wakeLock: { request } });
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
  lock = Object.assign(new EventTarget(), { release: vi.fn(() => Promise.resolve()) });
  request.mockClear();
  grid = new StubGrid();
  sharer = new Sharer(grid as unknown as GridApi);
});

afterEach(() => {
  sharer.close();
  vi.unstubAllGlobals();
});

/** Whether the page would ask before it closes. */
function asksToClose(): boolean {
  return !page.dispatchEvent(new Event("beforeunload", { cancelable: true }));
}

test("a tab that answers others asks before it closes, and only then", () => {
  grid.room({ serving: 0 });
  expect(asksToClose()).toBe(false);
  grid.room({ serving: 2 });
  expect(asksToClose()).toBe(true);
  grid.room({ serving: 2 }, "attached");
  expect(asksToClose()).toBe(false);
  grid.room({ serving: 1 });
  sharer.close();
  expect(asksToClose()).toBe(false);
});

test("the screen stays on while the device is shared, and the page takes the lock again when it is seen again", async () => {
  grid.room({ share: false });
  expect(request).not.toHaveBeenCalled();
  grid.room({});
  grid.room({ serving: 1 });
  await settle();
  expect(request).toHaveBeenCalledTimes(1);
  // The browser takes it back while the page is hidden.
  lock.dispatchEvent(new Event("release"));
  Object.assign(document, { visibilityState: "hidden" });
  document.dispatchEvent(new Event("visibilitychange"));
  expect(request).toHaveBeenCalledTimes(1);
  Object.assign(document, { visibilityState: "visible" });
  document.dispatchEvent(new Event("visibilitychange"));
  await settle();
  expect(request).toHaveBeenCalledTimes(2);
  grid.room({ share: { options: {}, paused: "paused while this device runs on battery" } });
  await settle();
  expect(lock.release).toHaveBeenCalled();
});

test("the user can let the screen go dark", async () => {
  grid.room({});
  await settle();
  sharer.keepScreenOn(false);
  await settle();
  expect(lock.release).toHaveBeenCalled();
  grid.room({ serving: 1 });
  expect(request).toHaveBeenCalledTimes(1);
});
