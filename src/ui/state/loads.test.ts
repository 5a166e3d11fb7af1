import { describe, expect, test, vi } from "vitest";
import { deferred } from "../../core";
import type { GridApi, LoadOptions } from "../../grid";
import { ModelLoads } from "./loads";

/** A grid that loads “m” when `ready` is resolved. */
function fakeGrid(loads: Record<string, { kind: string }> = {}) {
  const ready = deferred<undefined>();
  const signals: AbortSignal[] = [];
  const load = (_: string, { signal }: LoadOptions = {}): Promise<void> => {
    signals.push(signal!);
    return Promise.race([
      ready.promise,
      new Promise<never>((_, reject) => signal!.addEventListener("abort", () => reject(signal!.reason as Error))),
    ]);
  };
  const unload = vi.fn(() => Promise.resolve());
  return { grid: { state: { loads }, models: { load, unload } } as unknown as GridApi, ready, signals, unload };
}

describe("the loads of a page", () => {
  test("join a load that a script or another tab has begun", async () => {
    const { grid, ready, unload } = fakeGrid({ m: { kind: "loading" } });
    const loading = new ModelLoads(grid).load("m");
    ready.resolve(undefined);
    expect(await loading).toBe(true);
    expect(unload).not.toHaveBeenCalled();
  });

  test("end when they are cancelled, and those that began elsewhere end for everybody", async () => {
    const { grid, unload } = fakeGrid({ m: { kind: "loading" } });
    const loads = new ModelLoads(grid);
    const loading = loads.load("m");
    loads.cancel("m");
    expect(await loading).toBe(false);
    expect(loads.busy).toBe(false);
    expect(unload).not.toHaveBeenCalled();
    loads.cancel("m");
    expect(unload).toHaveBeenCalledWith("m");
  });

  test("begin again when the same model is asked for again", async () => {
    const { grid, ready, signals } = fakeGrid();
    const loads = new ModelLoads(grid);
    const first = loads.load("m");
    const second = loads.load("m");
    ready.resolve(undefined);
    expect(await Promise.all([first, second])).toEqual([false, true]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  });
});
