/** The lending of a device asks once, shares once, and stays off after somebody has switched it off. */
import { expect, test, vi } from "vitest";
import type { GridApi } from "../grid";
import { Lending } from "./lending";
import { RoomEntryController } from "./room-entry";

let rooms = 0;

/** A page with a lending in it. The state says that the device is shared only when `tell` is called. */
function page() {
  const roomId = `room ${++rooms}`;
  let room: { id: string; share: unknown; membership: { kind: "member" } } | undefined;
  let shared: unknown = false;
  const current = {
    share: vi.fn((options: unknown = {}) => Promise.resolve(void (shared = options && { paused: undefined }))),
    leave: vi.fn(() => Promise.resolve(void (room = undefined))),
  };
  const enter = (): Promise<typeof current> => {
    room = { id: roomId, share: false, membership: { kind: "member" } };
    return Promise.resolve(current);
  };
  const grid = {
    get state() {
      return { room, node: {} };
    },
    identity: { name: "Ada" },
    rooms: { inspect: () => ({ roomId }), join: vi.fn(enter), current: undefined as typeof current | undefined },
  };
  Object.defineProperty(grid.rooms, "current", { get: () => room && current });
  const host = {
    requestUpdate: vi.fn(),
    addController: vi.fn(),
    removeController: vi.fn(),
    updateComplete: Promise.resolve(true),
  };
  const api = grid as unknown as GridApi;
  const entry = new RoomEntryController(host, vi.fn(), () => false);
  entry.follow(api, "link");
  const options = { entry, grid: () => api, readiness: () => ({ kind: "ready" }) as const, onError: vi.fn() };
  const lending = new Lending(host, options);
  return {
    current,
    entry,
    enter,
    lending,
    /** The element renders until nothing more happens. */
    async settle(): Promise<void> {
      for (let round = 0; round < 20; round++) {
        entry.refresh();
        lending.look();
        lending.settle();
        await Promise.resolve();
      }
    },
    tell(): void {
      if (room) room = { ...room, share: shared };
    },
    switchOff(): void {
      shared = false;
    },
  };
}

test("asks, and shares once, however late the state says so", async () => {
  const { lending, entry, settle, tell, current } = page();
  await settle();
  expect(lending.state).toBe("asking");
  lending.agree();
  void entry.enter({ name: "", share: true });
  await settle();
  expect(lending.state).toBe("joining");
  expect(current.share).toHaveBeenCalledTimes(1);
  tell();
  await settle();
  expect(lending.state).toBe("lending");
});

test("inside already, asks for sharing alone, and shares once", async () => {
  const { lending, enter, settle, tell, current } = page();
  await enter();
  await settle();
  expect(lending.state).toBe("asking");
  lending.agree();
  await settle();
  expect(current.share).toHaveBeenCalledTimes(1);
  tell();
  await settle();
  expect(lending.state).toBe("lending");
});

test("after a no, nothing is asked until it is started, and then it is asked", async () => {
  const { lending, entry, settle } = page();
  entry.decline();
  await settle();
  expect(lending.state).toBe("off");
  void lending.start();
  await settle();
  expect(lending.state).toBe("asking");
});

test("after a stop it leaves the room, and starts again without a question", async () => {
  const { lending, enter, settle, tell, current } = page();
  await enter();
  lending.agree();
  await settle();
  tell();
  await settle();
  await lending.stop();
  tell();
  await settle();
  expect(current.leave).toHaveBeenCalledTimes(1);
  expect(lending.state).toBe("off");
  const started = lending.start();
  await settle();
  tell();
  await settle();
  await expect(started).resolves.toBe("lending");
});

test("a device that is switched off elsewhere in the page stays off", async () => {
  const { lending, enter, settle, tell, switchOff, current } = page();
  await enter();
  lending.agree();
  await settle();
  tell();
  await settle();
  switchOff();
  tell();
  await settle();
  expect(lending.state).toBe("off");
  expect(current.share).toHaveBeenCalledTimes(1);
});
