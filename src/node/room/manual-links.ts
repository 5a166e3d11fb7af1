/** Links without any server: offers that wait for the other side's text, by an id that crosses tabs. */
import { MicrogridError, randomId } from "../../core";
import type { RoomSession } from "../../room";
import type { ManualOffer } from "../api";

export class ManualLinks {
  readonly #offers = new Map<string, Awaited<ReturnType<RoomSession["offerByHand"]>>>();

  /** Begins a link. The text goes to a member, whose answer is passed to `accept`. */
  async offer(session: RoomSession): Promise<ManualOffer> {
    const offer = await session.offerByHand();
    const id = randomId(8);
    this.#offers.set(id, offer);
    return { id, text: offer.text };
  }

  /** Throws `bad-request` if the offer is no longer open, or the text is not an answer. */
  async accept(id: string, answer: string): Promise<void> {
    const offer = this.#offers.get(id);
    if (!offer) throw new MicrogridError("bad-request", "This offer is no longer open. Make a new one.");
    await offer.accept(answer);
    this.#offers.delete(id);
  }

  /** Withdraws all waiting offers. */
  cancelAll(): void {
    for (const offer of this.#offers.values()) offer.cancel();
    this.#offers.clear();
  }
}
