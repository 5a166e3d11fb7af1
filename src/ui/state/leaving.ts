/** Leaves the room. First, others take over the layers that this device holds, unless the person does not want to wait. */
import { TypedEventTarget } from "../../core";
import type { GridApi } from "../../grid";
import { errorText } from "../failure";

/** `handing-over`: other devices take over the layers that are held here, which may take about 20 s. */
export type LeavingState =
  { readonly kind: "no" | "handing-over" | "leaving" } | { readonly kind: "failed"; readonly text: string };

/** It is separate from the panel, since the panel may be closed meanwhile. */
export class Leaving extends TypedEventTarget<{ change: undefined }> {
  readonly #grid: GridApi;
  #state: LeavingState = { kind: "no" };
  /** Counts the calls, so that the result of an earlier call is ignored. */
  #calls = 0;

  constructor(grid: GridApi) {
    super();
    this.#grid = grid;
  }

  get state(): LeavingState {
    return this.#state;
  }

  /** Leaves; while it hands over, `now` leaves at once. Never rejects: failures are shown. */
  async leave({ now = false }: { readonly now?: boolean } = {}): Promise<void> {
    const { rooms, state } = this.#grid;
    const call = ++this.#calls;
    const handsOver = !now && (state.room?.holding.length ?? 0) > 0;
    this.#set({ kind: handsOver ? "handing-over" : "leaving" });
    let after: LeavingState = { kind: "no" };
    try {
      await rooms.current?.leave({ now });
    } catch (error) {
      after = { kind: "failed", text: errorText(error) };
    }
    if (call === this.#calls) this.#set(after);
  }

  #set(state: LeavingState): void {
    this.#state = state;
    this.emit("change", undefined);
  }
}
