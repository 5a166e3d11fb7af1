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
  // Told by the code with which the build wraps every import of a part.
  addEventListener("vite:preloadError", () => {
    app.version.isIncomplete();
    if ("serviceWorker" in navigator) void lookForUpdate();
  });
  try {
    await painted();
    const [{ Grid, eraseAll }, { Workspace }, site] = await Promise.all([
      import("../grid"),
      loadWorkspace(),
      import("./site"),
    ]);
    // One tab deletes; the others wait for it, and then find nothing left to do.
    await navigator.locks.request("microgrid/erase", async () => {
      if (erasingAsked()) await eraseAll();
    });
    followErasing();
    const opening = Grid.open({ baseUrl: new URL("./", document.baseURI).href });
    site.connectSite(opening, app);
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
    if (error instanceof MicrogridError && error.code === "build-differs") {
      app.failure = error.message;
      const { otherBuildsGone } = await import("./site");
      await otherBuildsGone();
      location.reload();
      return;
    }
    const reason = error instanceof Error ? error.message : String(error);
    app.failure = `Microgrid could not start: ${reason} Reload the page to try again; your conversations are kept.`;
    // Developers see the whole error, with its cause, in the console.
    reportError(error);
  }
}

/** A part that is missing may be part of an old version: asks whether there is a new one, which the page then offers. */
async function lookForUpdate(): Promise<void> {
  const site = await navigator.serviceWorker.getRegistration().catch(() => undefined);
  await site?.update().catch(() => undefined);
}
