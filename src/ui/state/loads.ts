/** Loads models when the user asks for it, and can cancel that. */
import { TypedEventTarget, isAbort } from "../../core";
import type { GridApi } from "../../grid";

/** Remembers how to cancel each load, even after the dialog that began it was closed. */
export class ModelLoads extends TypedEventTarget<{ change: undefined }> {
  readonly #grid: GridApi;
  readonly #running = new Map<string, AbortController>();

  constructor(grid: GridApi) {
    super();
    this.#grid = grid;
  }

  /** True while a load that was begun here is neither ready nor cancelled nor failed. */
  get busy(): boolean {
    return this.#running.size > 0;
  }

  /**
   * Loads a model, or joins a load that a script or another tab has begun. Resolves to true when the model is ready, and to
   * false if the load was cancelled; throws the error of a load that failed.
   */
  async load(id: string): Promise<boolean> {
    this.#running.get(id)?.abort();
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

  /** Cancels a load. A load that another tab began ends by unloading the model. */
  cancel(id: string): void {
    const abort = this.#running.get(id);
    if (abort) abort.abort();
    else if (this.#grid.state.loads[id]?.kind === "loading") void this.#grid.models.unload(id);
  }
}
