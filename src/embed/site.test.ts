import { beforeEach, describe, expect, it, vi } from "vitest";
import type { GridApi } from "../grid";
import { shareGrid, sharedGrid } from "./site";

const grid = { name: "grid" } as unknown as GridApi;

beforeEach(() => {
  vi.stubGlobal("isSecureContext", true);
  return () => vi.unstubAllGlobals();
});

describe("the grid of all elements", () => {
  it("is opened as the page says, again after a failure, and only once", async () => {
    const open = vi.fn<() => Promise<GridApi>>().mockRejectedValueOnce(new Error("no")).mockResolvedValue(grid);
    // Elements in the page ask for the grid before the script that imports them goes on.
    const early = sharedGrid();
    shareGrid(open);
    await expect(early).rejects.toThrow("no");
    expect(await Promise.all([sharedGrid(), sharedGrid()])).toEqual([grid, grid]);
    expect(open).toHaveBeenCalledTimes(2);
    expect(() => shareGrid(open)).toThrow("have opened a grid already");
  });
});
