/** Loading models on the user's wish: started, cancelled, told when it failed. */
import { TypedEventTarget, isAbort } from "../../core";
import type { GridApi } from "../../grid";

/** Loads models and remembers how to cancel them, also when the dialog that began it is closed. */
export class ModelLoads extends TypedEventTarget<{ change: undefined }> {
  readonly #grid: GridApi;
  readonly #running = new Map<string, AbortController>();

  constructor(grid: GridApi) {
    super();
    this.#grid = grid;
  }

  /** True from the wish for a model until it is ready, cancelled or failed. */
  get busy(): boolean {
    return this.#running.size > 0;
  }

  /** Loads a model. Resolves to true when it is ready, to false when cancelled; throws why it failed. */
  async load(id: string): Promise<boolean> {
    this.cancel(id);
    const abort = new AbortController();
    this.#running.set(id, abort);
    this.emit("change", undefined);
    try {
      await this.#grid.models.load(id, { signal: abort.signal });
      return true;
    } catch (error) {
      if (isAbort(error) || abort.signal.aborted) return false;
      throw error;
    } finally {
      if (this.#running.get(id) === abort) this.#running.delete(id);
      this.emit("change", undefined);
    }
  }

  /** Cancels a load. One that another tab began is ended by unloading. */
  cancel(id: string): void {
    const abort = this.#running.get(id);
    if (abort) abort.abort();
    else if (this.#grid.state.loads[id]?.kind === "loading") void this.#grid.models.unload(id);
  }
}
