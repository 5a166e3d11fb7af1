/** The grid as one element uses it: opened when the element enters the page, with its model loaded. */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import { type MicrogridError, isAbort } from "../core";
import type { GridApi, GridState, LoadProgress, PeerState } from "../grid";
import { asMicrogridError } from "./dialogue";
import { sharedGrid } from "./site";

/** How far the element is from being able to answer. */
export type Readiness =
  | { readonly kind: "starting" }
  | { readonly kind: "loading"; readonly progress: LoadProgress | undefined }
  | { readonly kind: "ready" }
  | { readonly kind: "failed"; readonly during: "start" | "load"; readonly error: MicrogridError };

/** How the element learns of changes. */
interface GridCallbacks {
  onReady(grid: GridApi, model: string): void;
  onProgress(progress: LoadProgress, model: string): void;
  onChange(state: GridState): void;
  onPeers(peers: readonly PeerState[]): void;
  onError(error: MicrogridError, during: "start" | "load"): void;
}

/** Opens the shared grid while the element is on the page, and keeps the named model loaded in it. */
export class GridController implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #callbacks: GridCallbacks;
  #readiness: Readiness = { kind: "starting" };
  #grid: GridApi | undefined;
  #opening: Promise<GridApi> | undefined;
  #load: Promise<void> | undefined;
  #connected = false;
  #model: string | undefined;
  #abort = new AbortController();
  #stopListening: (() => void)[] = [];

  constructor(host: ReactiveControllerHost, callbacks: GridCallbacks) {
    this.#host = host;
    this.#callbacks = callbacks;
    host.addController(this);
  }

  get readiness(): Readiness {
    return this.#readiness;
  }

  /** The grid, once it is open. */
  get grid(): GridApi | undefined {
    return this.#grid;
  }

  /** The grid and the loading of the model, as soon as there is a grid. */
  async opened(): Promise<{ readonly grid: GridApi; readonly load: Promise<void> | undefined }> {
    const grid = await (this.#opening ?? sharedGrid());
    // The load begins in the same turn of the event loop in which the grid becomes known.
    await Promise.resolve();
    return { grid, load: this.#load };
  }

  hostConnected(): void {
    this.#connected = true;
    void this.#open();
  }

  hostDisconnected(): void {
    this.#connected = false;
    this.#abort.abort();
    for (const stop of this.#stopListening) stop();
    this.#stopListening = [];
  }

  /** Takes the newest value of the attribute; an empty one loads nothing. */
  want(model: string): void {
    if (model === this.#model) return;
    this.#model = model;
    if (this.#grid && this.#connected) this.#begin(this.#grid, model);
  }

  /** Tries the failed step again. */
  retry(): void {
    if (this.#readiness.kind !== "failed") return;
    if (this.#grid && this.#model !== undefined) this.#begin(this.#grid, this.#model);
    else void this.#open();
  }

  async #open(): Promise<void> {
    this.#set({ kind: "starting" });
    try {
      this.#opening = sharedGrid();
      const grid = await this.#opening;
      if (!this.#connected || this.#stopListening.length > 0) return;
      this.#grid = grid;
      this.#stopListening = [
        grid.on("change", (state) => this.#callbacks.onChange(state)),
        grid.on("peer-change", (peers) => this.#callbacks.onPeers(peers)),
      ];
      this.#callbacks.onChange(grid.state);
      if (this.#model !== undefined) this.#begin(grid, this.#model);
    } catch (thrown) {
      if (this.#connected) this.#fail(asMicrogridError(thrown), "start");
    }
  }

  #begin(grid: GridApi, model: string): void {
    this.#abort.abort();
    this.#abort = new AbortController();
    if (model === "") {
      this.#load = undefined;
      this.#ready(grid, model);
      return;
    }
    this.#set({ kind: "loading", progress: undefined });
    this.#load = this.#loadModel(grid, model, this.#abort.signal);
    // The element shows a failure itself, so it is handled even if no question waits for the load.
    this.#load.catch(() => undefined);
  }

  async #loadModel(grid: GridApi, model: string, signal: AbortSignal): Promise<void> {
    let shown: LoadProgress | undefined;
    const onProgress = (progress: LoadProgress): void => {
      if (progress === shown || signal.aborted) return;
      shown = progress;
      this.#set({ kind: "loading", progress });
      this.#callbacks.onProgress(progress, model);
    };
    try {
      await grid.models.load(model, { signal, onProgress });
    } catch (thrown) {
      if (!signal.aborted && !isAbort(thrown)) this.#fail(asMicrogridError(thrown), "load");
      throw thrown;
    }
    if (!signal.aborted) this.#ready(grid, model);
  }

  #ready(grid: GridApi, model: string): void {
    this.#set({ kind: "ready" });
    this.#callbacks.onReady(grid, model);
  }

  #fail(error: MicrogridError, during: "start" | "load"): void {
    this.#set({ kind: "failed", during, error });
    this.#callbacks.onError(error, during);
  }

  #set(readiness: Readiness): void {
    this.#readiness = readiness;
    this.#host.requestUpdate();
  }
}
