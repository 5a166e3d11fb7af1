/** Brings the grid to life and hands it to the page, or says what is missing. */
import type { GridApi } from "../grid";
import { type MicrogridApp, painted } from "../ui";
import { missingSecureContext } from "./secure-context";

declare global {
  interface Window {
    /** The running grid of this page, for the console and for scripts. */
    microgrid?: GridApi;
  }
}

/** Opens the grid after the first paint. Never rejects: what fails is said on the page. */
export async function startGrid(app: MicrogridApp): Promise<void> {
  const missing = missingSecureContext(globalThis);
  if (missing !== undefined) {
    app.failure = missing;
    return;
  }
  try {
    await painted();
    const { Grid } = await import("../grid");
    const grid = await Grid.open();
    window.microgrid = grid;
    app.grid = grid;
    addEventListener("pagehide", (event) => {
      // A page that may come back from the cache keeps its node.
      if (!event.persisted) void grid.close();
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    app.failure = `Microgrid could not start: ${reason} Reload the page to try again; your conversations are kept.`;
    // Developers see the whole error, with its cause, in the console.
    reportError(error);
  }
}
