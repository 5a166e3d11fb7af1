/** Holds a node's state: immutable snapshots that are replaced part by part. */
import { TypedEventTarget, onAbort } from "../core";
import type { GridState, Notice } from "./types";

/** A part of the state that changed, by its key. */
export type StatePatch = Partial<GridState>;

/** Holds the snapshot and emits each patch. */
export class StateStore extends TypedEventTarget<{ patch: StatePatch }> {
  #state: GridState;

  constructor(initial: GridState) {
    super();
    this.#state = initial;
  }

  get state(): GridState {
    return this.#state;
  }

  /** Replaces parts of the state. */
  patch(patch: StatePatch): void {
    this.#state = { ...this.#state, ...patch };
    this.emit("patch", patch);
  }

  /** The whole state, and then each change until `signal` aborts; changes that nobody has read yet are merged. */
  async *watch(signal: AbortSignal): AsyncGenerator<StatePatch, void> {
    let unread: StatePatch | undefined = this.#state;
    let wake: () => void = () => undefined;
    const stop = this.on("patch", (patch) => {
      unread = { ...unread, ...patch };
      wake();
    });
    using _ = onAbort(signal, () => wake());
    try {
      while (!signal.aborted) {
        const patch: StatePatch | undefined = unread;
        unread = undefined;
        if (patch) yield patch;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      stop();
    }
  }

  /** Shows a notice, or replaces the one with the same id. */
  notify(notice: Notice): void {
    this.patch({ notices: [...this.#state.notices.filter(({ id }) => id !== notice.id), notice] });
  }

  /** Removes a notice, if it exists. */
  dismiss(id: string): void {
    const notices = this.#state.notices.filter((notice) => notice.id !== id);
    if (notices.length < this.#state.notices.length) this.patch({ notices });
  }
}
