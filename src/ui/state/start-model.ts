/** Loads a model without being asked: at the start, and in a room that cannot answer. */
import { TypedEventTarget } from "../../core";
import type { GridApi, GridState } from "../../grid";
import type { ModelLoads } from "./loads";
import { GUIDE, answeringModel, isLoading, localOffers } from "./models";
import { readLastModel } from "./preferences";

/** How long a room may take to offer a model before one is loaded here, ms: links and offers need a moment. */
const ROOM_GRACE_MS = 2000;

/** The answers that are being given now. */
interface Asking {
  /** The model that one of them asks for. */
  readonly asked: string | undefined;
  /** True while one of them has lost its provider, and looks for another one. */
  readonly lost: boolean;
}

/**
 * Loads the start-up model whenever nobody here or in the room can answer, or nobody does: the model used last if its files are
 * stored, else the guide. After the user has unloaded a model or cancelled a load, it does nothing until the user
 * loads one again. It acts only in the leading tab, since that tab holds the models.
 */
export class StartModel extends TypedEventTarget<{ change: undefined }> {
  readonly #grid: GridApi;
  readonly #loads: ModelLoads;
  readonly #answers: () => Asking;
  readonly #cleanup: (() => void)[];
  #before: GridState;
  #begun = false;
  #declined = false;
  #gaveUp = false;
  #working = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(grid: GridApi, loads: ModelLoads, answers: () => Asking) {
    super();
    this.#grid = grid;
    this.#loads = loads;
    this.#answers = answers;
    this.#before = grid.state;
    this.#cleanup = [
      grid.on("change", (state) => this.#follow(state)),
      loads.on("change", () => this.emit("change", undefined)),
    ];
  }

  /** True while a model is about to be loaded here, though the grid does not show it yet. */
  get pending(): boolean {
    return this.#timer !== undefined || this.#working || this.#loads.busy;
  }

  /** Begins. Call it when no invite waits for the user's decision, since the room may be able to answer. */
  begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#consider(this.#grid.state);
  }

  /** To be called when an answer has lost its provider, or found another one. */
  look(): void {
    this.#consider(this.#grid.state);
  }

  close(): void {
    for (const stop of this.#cleanup) stop();
    this.#disarm();
  }

  #follow(state: GridState): void {
    const before = this.#before;
    this.#before = state;
    const loads = Object.values(state.loads);
    if (loads.some(({ kind }) => kind !== "failed")) this.#declined = false;
    // A model leaves the memory only if the user wants it to, or with the tab that led.
    else if (before.role === state.role)
      this.#declined ||= Object.entries(before.loads).some(([id, { kind }]) => kind !== "failed" && !state.loads[id]);
    if (loads.some(({ kind }) => kind === "ready")) this.#gaveUp = false;
    this.#consider(state);
  }

  #consider(state: GridState): void {
    const unwanted = !this.#begun || this.#declined || this.#gaveUp || state.role !== "leader";
    // Offers of the room help no answer whose providers have all failed it.
    const offered = answeringModel(state, undefined) !== undefined;
    if (unwanted || isLoading(state) || (offered && !(this.#answers().lost && localOffers(state).length === 0))) {
      this.#disarm();
      return;
    }
    if (this.#timer !== undefined || this.#working) return;
    // An answer that has lost its provider should not wait.
    if (!offered && (state.room === undefined || this.#answers().asked !== undefined)) void this.#load();
    else {
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        void this.#load();
      }, ROOM_GRACE_MS);
      this.emit("change", undefined);
    }
  }

  #disarm(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.emit("change", undefined);
  }

  async #load(): Promise<void> {
    this.#working = true;
    this.emit("change", undefined);
    try {
      const first = await this.#choose();
      // A failure stays in the grid's state, where the header and the model list show it; the guide answers instead.
      if (first !== GUIDE && (await this.#try(first))) return;
      if (!this.#declined && !(await this.#try(GUIDE))) this.#gaveUp = true;
    } finally {
      this.#working = false;
      this.emit("change", undefined);
    }
  }

  /**
   * Resolves to false if the model could not be loaded; a load that was cancelled counts as done. A model that failed
   * before is not tried again, above all not one whose load crashed the page last time.
   */
  #try(id: string): Promise<boolean> {
    if (this.#grid.state.loads[id]?.kind === "failed") return Promise.resolve(false);
    return this.#loads.load(id).then(
      () => true,
      () => false,
    );
  }

  async #choose(): Promise<string> {
    const needed = this.#answers().asked;
    if (needed === GUIDE) return GUIDE;
    const models = await this.#grid.models.list().catch(() => []);
    const stored = (id: string | undefined): boolean =>
      models.some((model) => model.id === id && model.stored === "yes");
    return [needed, readLastModel()].find((id) => stored(id)) ?? GUIDE;
  }
}
