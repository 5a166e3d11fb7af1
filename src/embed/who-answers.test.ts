import { describe, expect, test, vi } from "vitest";
import { MicrogridError, deferred } from "../core";
import type { GridApi, GridState, ModelOffer, Policy } from "../grid";
import { whoAnswers } from "./who-answers";

const policy: Policy = { privacy: "room", prefer: "speed" };
const offer = (model: string): ModelOffer => ({ model, name: model }) as ModelOffer;
const ready = (model: string): Partial<GridState> => ({ loads: { [model]: { kind: "ready", offer: offer(model) } } });
const room = (...models: string[]): Partial<GridState> => ({
  room: { name: "Attic", peers: [{ sharing: true, offers: models.map(offer) }] } as unknown as GridState["room"],
});

/** A grid that is nothing but a state that changes. */
function fakeGrid(first: Partial<GridState>) {
  const listeners = new Set<() => void>();
  const grid = {
    state: { loads: {}, room: undefined, ...first },
    on: (_: string, listener: () => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  return {
    grid: grid as unknown as GridApi,
    listeners,
    set(state: Partial<GridState>): void {
      Object.assign(grid.state, state);
      for (const listener of [...listeners]) listener();
    },
  };
}

/** A signal in place of the one that ends the wait for a room's offers. */
function offersEnd(): AbortController {
  const end = new AbortController();
  vi.spyOn(AbortSignal, "timeout").mockReturnValue(end.signal);
  return end;
}

const never = new AbortController().signal;

describe("whoAnswers", () => {
  test("chooses the wanted model if it is ready here", async () => {
    const { grid } = fakeGrid({ ...ready("guide"), ...room("big") });
    expect((await whoAnswers(grid, { model: "guide", policy, load: undefined }, never)).model).toBe("guide");
  });

  test("does not wait for the load if the room offers the same model", async () => {
    const { grid } = fakeGrid(room("other", "guide"));
    const load = new Promise<void>(() => undefined);
    expect((await whoAnswers(grid, { model: "guide", policy, load }, never)).model).toBe("guide");
  });

  test("stays on the device if the policy requires it, and waits for the load", async () => {
    const { grid, set, listeners } = fakeGrid(room("guide"));
    let loaded = (): void => undefined;
    const load = new Promise<void>((resolve) => (loaded = resolve));
    const target = whoAnswers(grid, { model: "guide", policy: { ...policy, privacy: "device" }, load }, never);
    set(ready("guide"));
    loaded();
    expect((await target).offer).toEqual(offer("guide"));
    expect(listeners.size).toBe(0);
  });

  test("chooses an available model if none is wanted: first on this device, then in the room", async () => {
    const wishes = { model: "", policy, load: undefined };
    expect((await whoAnswers(fakeGrid({ ...ready("small"), ...room("big") }).grid, wishes, never)).model).toBe("small");
    expect((await whoAnswers(fakeGrid(room("big")).grid, wishes, never)).model).toBe("big");
    await expect(whoAnswers(fakeGrid({}).grid, wishes, never)).rejects.toMatchObject({ code: "no-provider" });
  });

  test("waits for the offers of a room that was just entered", async () => {
    const { grid, set } = fakeGrid(room());
    const target = whoAnswers(grid, { model: "", policy, load: undefined }, never);
    set(room("late"));
    expect((await target).model).toBe("late");
  });

  test("rests while the model still loads after the time for offers is over", async () => {
    const { grid, set } = fakeGrid(room());
    const { state } = grid;
    let looks = 0;
    Object.defineProperty(grid, "state", {
      get() {
        if (++looks > 20) throw new Error("It looks again and again, and nothing else can happen.");
        return state;
      },
    });
    const offers = offersEnd();
    const load = deferred<void>();
    const target = whoAnswers(grid, { model: "guide", policy, load: load.promise }, never);
    offers.abort();
    await new Promise((resolve) => setTimeout(resolve));
    set(ready("guide"));
    load.resolve();
    expect((await target).offer).toEqual(offer("guide"));
    vi.restoreAllMocks();
  });

  test("replaces a model that cannot be loaded with one of the room, or reports the error", async () => {
    const failure = new MicrogridError("file-missing", "A file of the model is missing.");
    const wishes = () => ({ model: "guide", policy, load: Promise.reject(failure) });
    expect((await whoAnswers(fakeGrid(room("big")).grid, wishes(), never)).model).toBe("big");
    await expect(whoAnswers(fakeGrid({}).grid, wishes(), never)).rejects.toBe(failure);
  });

  test("stops waiting when the signal is aborted, before or during", async () => {
    const { grid, listeners } = fakeGrid({});
    const wishes = { model: "guide", policy, load: new Promise<void>(() => undefined) };
    await expect(whoAnswers(grid, wishes, AbortSignal.abort())).rejects.toMatchObject({ name: "AbortError" });
    const abort = new AbortController();
    const target = whoAnswers(grid, wishes, abort.signal);
    abort.abort();
    await expect(target).rejects.toMatchObject({ name: "AbortError" });
    expect(listeners.size).toBe(0);
  });
});
