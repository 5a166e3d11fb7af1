/** Loading models on the user's wish: started, cancelled, told when it failed; and the model at start. */
import { isAbort } from "../../core";
import type { GridApi } from "../../grid";
import { GUIDE } from "./models";
import { readLastModel } from "./preferences";

/** Loads models and remembers how to cancel them, also when the dialog that began it is closed. */
export class ModelLoads {
  readonly #grid: GridApi;
  readonly #running = new Map<string, AbortController>();

  constructor(grid: GridApi) {
    this.#grid = grid;
  }

  /** Loads a model. Resolves to true when it is ready, to false when cancelled; throws why it failed. */
  async load(id: string): Promise<boolean> {
    this.cancel(id);
    const abort = new AbortController();
    this.#running.set(id, abort);
    try {
      await this.#grid.models.load(id, { signal: abort.signal });
      return true;
    } catch (error) {
      if (isAbort(error) || abort.signal.aborted) return false;
      throw error;
    } finally {
      if (this.#running.get(id) === abort) this.#running.delete(id);
    }
  }

  /** Cancels a load. One that another tab began is ended by unloading. */
  cancel(id: string): void {
    const abort = this.#running.get(id);
    if (abort) abort.abort();
    else if (this.#grid.state.loads[id]?.kind === "loading") void this.#grid.models.unload(id);
  }
}

/**
 * The model at start: the one used last where its files are stored, else the guide. Nothing is loaded
 * in a tab that is attached to another, or where a model is loaded or loading already. What fails falls
 * back to the guide; the failure stays in the grid's state.
 */
export async function loadAtStart(grid: GridApi, loads: ModelLoads): Promise<void> {
  await settledRole(grid);
  if (grid.state.role !== "leader") return;
  const busy = Object.values(grid.state.loads).some((load) => load.kind !== "failed");
  if (busy) return;
  const last = readLastModel();
  const stored = (await grid.models.list()).some((model) => model.id === last && model.stored === "yes");
  if (last !== undefined && last !== GUIDE && stored) {
    try {
      await loads.load(last);
      return;
    } catch {
      // The guide answers instead; the header and the model list show what failed.
    }
  }
  await loads.load(GUIDE).catch(() => undefined);
}

function settledRole(grid: GridApi): Promise<void> {
  if (grid.state.role !== "starting") return Promise.resolve();
  return new Promise((resolve) => {
    const stop = grid.on("change", (state) => {
      if (state.role === "starting") return;
      stop();
      resolve();
    });
  });
}
