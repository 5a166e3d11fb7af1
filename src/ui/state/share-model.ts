/** Loads the model that the room uses on a device that begins to share, so that there is something to share. */
import { TypedEventTarget } from "../../core";
import type { GridApi, GridState, ModelInfo } from "../../grid";
import type { ModelLoads } from "./loads";
import { isLoading, localOffers, roomOffers } from "./models";

/** Downloads up to this size begin without a question, bytes: some seconds on most connections. */
const SMALL_BYTES = 50_000_000;

/** `asks` is true while the user has not agreed to a large download. */
interface WantedModel {
  readonly model: ModelInfo;
  readonly asks: boolean;
}

export class ShareModel extends TypedEventTarget<{ change: undefined }> {
  readonly #loads: ModelLoads;
  readonly #stop: () => void;
  #shares = false;
  /** True from the moment sharing begins until there is a model, or the user does not want one. */
  #seeks = false;
  #wanted: WantedModel | undefined;

  constructor(grid: GridApi, loads: ModelLoads) {
    super();
    this.#loads = loads;
    this.#stop = grid.on("change", (state) => this.#look(state));
  }

  /** The model that is loaded here for the room, or that could be; undefined if there is none. */
  get wanted(): WantedModel | undefined {
    return this.#wanted;
  }

  /** The user agrees to the download. */
  agree(): void {
    if (this.#wanted?.asks) this.#load(this.#wanted.model);
  }

  /** The user does not want the model: a load of it ends. */
  decline(): void {
    const { wanted } = this;
    this.#seeks = false;
    this.#set(undefined);
    if (wanted && !wanted.asks) this.#loads.cancel(wanted.model.id);
  }

  close(): void {
    this.#stop();
  }

  #look(state: GridState): void {
    const shares = state.room?.membership.kind === "member" && state.room.share !== false;
    if (shares !== this.#shares) {
      this.#shares = shares;
      this.#seeks = shares;
      if (!shares) this.#set(undefined);
    }
    if (!this.#seeks) return;
    if (localOffers(state).length > 0) {
      this.#seeks = false;
      this.#set(undefined);
    } else if (!isLoading(state) && (!this.#wanted || this.#wanted.asks)) this.#choose(state);
  }

  #choose(state: GridState): void {
    const model = usedInRoom(state);
    if (!model) return;
    const small = model.stored === "yes" || (model.downloadBytes ?? Infinity) <= SMALL_BYTES;
    if (small) this.#load(model);
    else if (this.#wanted?.model.id !== model.id) this.#set({ model, asks: true });
  }

  #load(model: ModelInfo): void {
    this.#set({ model, asks: false });
    // A failure is shown where all loads are.
    void this.#loads.load(model.id).catch(() => this.decline());
  }

  #set(wanted: WantedModel | undefined): void {
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    this.emit("change", undefined);
  }
}

/** The model that most members offer, of those that this device can load and the rules allow. */
function usedInRoom(state: GridState): ModelInfo | undefined {
  const allowed = state.room?.charter?.models ?? "any";
  const counts = new Map<string, number>();
  for (const { model } of roomOffers(state)) counts.set(model, (counts.get(model) ?? 0) + 1);
  return state.models
    .filter(({ id, fit }) => counts.has(id) && fit.fits && (allowed === "any" || allowed.includes(id)))
    .toSorted((a, b) => counts.get(b.id)! - counts.get(a.id)!)[0];
}
