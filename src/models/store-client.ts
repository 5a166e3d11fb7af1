/** The page's side of the store worker. */
import { WorkerConnection } from "../border";
import { MicrogridError } from "../core";
import type { StoreApi } from "./store-protocol";

/** The store worker: started by the first call, replaced after its death. */
export type StoreWorker = WorkerConnection<StoreApi>;

/** `create` starts `workers/store.ts`. */
export function connectStore(create: () => Worker): StoreWorker {
  return new WorkerConnection({ create, crashed });
}

/** The error of calls that the page itself has ended. */
export function storeClosed(): MicrogridError {
  return new MicrogridError("closed", "The storage of models was closed. Everything that was downloaded is kept.");
}

function crashed(detail: string): MicrogridError {
  return new MicrogridError(
    "worker-crashed",
    `The part of this page that stores models stopped unexpectedly (${detail || "it could not be started"}). ` +
      "Try again; what was downloaded is kept.",
  );
}
