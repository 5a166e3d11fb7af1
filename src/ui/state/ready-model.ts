/** Waits for a model that can answer: one that is being loaded here, or one that the room may offer. */
import { MicrogridError, type TypedEventTarget, deferred, onAbort } from "../../core";
import type { GridApi } from "../../grid";
import type { FindModel } from "./answers";
import { answeringModel, isLoading, mayOffer } from "./models";

/** Tells whether a model is about to be loaded here. */
export interface Arrivals extends TypedEventTarget<{ change: undefined }> {
  readonly pending: boolean;
}

/**
 * How the page finds the model for an answer: the wanted one if it is ready, else any that is. Throws
 * `model-not-loaded` once no model can be expected any more.
 */
export function readyModel(grid: GridApi, arrivals: Arrivals): FindModel {
  return async ({ wanted, signal, onWait }) => {
    for (;;) {
      signal.throwIfAborted();
      const { state } = grid;
      const offer = answeringModel(state, wanted);
      if (offer) return { offer, ask: (generation) => grid.answer({ generation }, { signal }) };
      const mayCome = isLoading(state) || arrivals.pending || mayOffer(state) || state.role === "starting";
      if (!mayCome) throw noModel(state.loads);
      onWait();
      await changed(grid, arrivals, signal);
    }
  };
}

function noModel(loads: GridApi["state"]["loads"]): MicrogridError {
  const failed = Object.values(loads).find((load) => load.kind === "failed");
  return new MicrogridError(
    "model-not-loaded",
    failed?.kind === "failed"
      ? `No model is ready to answer: ${failed.error.message}`
      : "No model is loaded, so nobody can answer yet. Choose a model, or join a room that has one, and try again.",
  );
}

/** Resolves with the next change of either, or when the signal is aborted. */
async function changed(grid: GridApi, arrivals: Arrivals, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = deferred<unknown>();
  using _ = onAbort(signal, resolve);
  const stops = [grid.on("change", resolve), arrivals.on("change", resolve)];
  await promise;
  for (const stop of stops) stop();
}
