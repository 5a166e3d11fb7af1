/** The slots that this node holds: one of the current epoch, and one of each former epoch that it serves. */
import type { Endpoint } from "../../wire";

/** A slot that this node is registered under. */
interface HeldSlot {
  readonly slot: number;
  readonly day: number;
  /** The secret of its epoch in hexadecimal. */
  readonly epoch: string;
  readonly endpoint: Endpoint;
  /** The signaling server at which it was won. */
  readonly url: string;
}

/** The conditions under which a slot is still worth holding. */
interface Keeping {
  /** The current epoch, then those that are served besides. */
  readonly epochs: readonly string[];
  readonly day: number;
  readonly url: string | undefined;
}

/** Keeps the registrations of slots, and gives up those that serve nobody any more. */
export class HeldSlots {
  /** Called when this node wins or gives up a slot of the current epoch. */
  readonly #onChange: () => void;
  /** Called when the signaling server was lost. */
  readonly #onLost: () => void;
  #held: HeldSlot[] = [];
  #epoch: string | undefined;

  constructor(onChange: () => void, onLost: () => void) {
    this.#onChange = onChange;
    this.#onLost = onLost;
  }

  /** The current epoch. */
  get epoch(): string | undefined {
    return this.#epoch;
  }

  /** A slot that was held before a new epoch serves a former one from now on. */
  set epoch(epoch: string | undefined) {
    const before = this.current;
    this.#epoch = epoch;
    if (this.current !== before) this.#onChange();
  }

  get current(): HeldSlot | undefined {
    return this.#held.find(({ epoch }) => epoch === this.#epoch);
  }

  /** The slot of this epoch and day, if one is held. */
  of(epoch: string, day: number): HeldSlot | undefined {
    return this.#held.find((held) => held.epoch === epoch && held.day === day);
  }

  add(held: HeldSlot): void {
    const before = this.current;
    this.#held.push(held);
    void held.endpoint.closed.then(() => {
      if (!this.#held.includes(held)) return;
      this.#drop((each) => each === held);
      this.#onLost();
    });
    if (this.current !== before) this.#onChange();
  }

  /** Gives up what is not worth holding. */
  keep({ epochs, day, url }: Keeping): void {
    this.#drop((held) => held.day !== day || held.url !== url || !epochs.includes(held.epoch));
  }

  close(): void {
    this.#drop(() => true);
  }

  #drop(which: (held: HeldSlot) => boolean): void {
    const before = this.current;
    const dropped = this.#held.filter(which);
    this.#held = this.#held.filter((held) => !dropped.includes(held));
    for (const { endpoint } of dropped) endpoint.close();
    if (this.current !== before) this.#onChange();
  }
}
