/** Starts the grid and hands it to the page, or tells the page why it could not start. */
import type { GridApi } from "../grid";
import { MicrogridError } from "../core";
import { type MicrogridApp, erasingAsked, followErasing, loadWorkspace, painted } from "../ui";
import { missingSecureContext } from "./secure-context";

declare global {
  interface Window {
    /** The running grid of this page, for the console and for scripts. */
    microgrid?: GridApi;
  }
}

/** Opens the grid after the first paint. Never rejects: the page shows any failure. */
export async function startGrid(app: MicrogridApp): Promise<void> {
  const missing = missingSecureContext(globalThis);
  if (missing !== undefined) {
    app.failure = missing;
    return;
  }
  try {
    await painted();
    const [{ Grid, eraseAll }, { Workspace }, { connectSiteWorker }] = await Promise.all([
      import("../grid"),
      loadWorkspace(),
      import("./site-worker"),
    ]);
    // One tab deletes; the others wait for it, and then find nothing left to do.
    await navigator.locks.request("microgrid/erase", async () => {
      if (erasingAsked()) await eraseAll();
    });
    followErasing();
    const opening = Grid.open();
    connectSiteWorker(opening);
    const grid = await opening;
    window.microgrid = grid;
    app.workspace = new Workspace(grid);
    addEventListener("pagehide", (event) => {
      // The browser may restore a page from its back/forward cache, so such a page keeps its node.
      if (!event.persisted) void grid.close();
    });
  } catch (error) {
    // The page went away while it started: nobody is left who could be told.
    if (error instanceof MicrogridError && error.code === "closed") return;
    const reason = error instanceof Error ? error.message : String(error);
    app.failure = `Microgrid could not start: ${reason} Reload the page to try again; your conversations are kept.`;
    // Developers see the whole error, with its cause, in the console.
    reportError(error);
  }
}
