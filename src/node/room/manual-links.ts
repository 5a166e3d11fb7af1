/** Links without any server: offers that wait for the other side's text, by an id that crosses tabs. */
import { MicrogridError, randomId } from "../../core";
import type { RoomSession } from "../../room";

/** An offer as it crosses tabs. */
export interface HandOfferText {
  readonly id: string;
  readonly text: string;
}

export class ManualLinks {
  readonly #offers = new Map<string, Awaited<ReturnType<RoomSession["offerByHand"]>>>();

  /** Begins a link. The text goes to a member, whose answer `accept` takes. */
  async offer(session: RoomSession): Promise<HandOfferText> {
    const offer = await session.offerByHand();
    const id = randomId(8);
    this.#offers.set(id, offer);
    return { id, text: offer.text };
  }

  /** Throws `bad-request` where the offer is not open any more, or the answer is none. */
  async accept(id: string, answer: string): Promise<void> {
    const offer = this.#offers.get(id);
    if (!offer) throw new MicrogridError("bad-request", "This offer is not open any more. Make a new one.");
    await offer.accept(answer);
    this.#offers.delete(id);
  }

  /** Gives up all that wait. */
  cancelAll(): void {
    for (const offer of this.#offers.values()) offer.cancel();
    this.#offers.clear();
  }
}
