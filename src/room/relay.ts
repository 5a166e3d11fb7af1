/**
 * Lines brought up through a member that both sides are linked to: it carries one offer and one answer, which
 * it can neither read into nor change unseen, since the handshake is bound to the line that comes of it.
 */
import { type Did, MicrogridError, randomId } from "../core";
import type { HandAnswer, HandOffer, RawLink } from "../wire";
import { MAX_DIALS, MEMBER_DIAL_MS, RELAYED_PER_WINDOW, RELAY_WINDOW_MS } from "./constants";
import type { RoomFrameBody, RoomLink } from "./protocol";

/** How lines are made without signaling. */
export interface HandDialer {
  offer(): Promise<HandOffer>;
  answer(offer: string): Promise<HandAnswer>;
}

interface RelayOptions {
  readonly self: Did;
  readonly hand: HandDialer;
  /** The link to a member, if it is linked. */
  linkTo(did: Did): RoomLink | undefined;
  /** Gets to know the node at the other end of a fresh line. */
  introduce(raw: RawLink): void;
}

/** Dials through members, answers those who do, and carries what others say to each other. */
export class Relay {
  readonly #options: RelayOptions;
  readonly #pending = new Map<string, (answer: string) => void>();
  /** Offers of others that are being answered. */
  #answering = 0;
  readonly #carried = new WeakMap<RoomLink, { since: number; count: number }>();

  constructor(options: RelayOptions) {
    this.#options = options;
  }

  /** Dials `to` through the member at the other end of `via`. Throws `peer-lost` where no answer comes. */
  async dial(to: Did, via: RoomLink): Promise<RawLink> {
    const offer = await this.#options.hand.offer();
    const id = randomId(16);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new MicrogridError("peer-lost", "A device did not answer.")), MEMBER_DIAL_MS);
    });
    try {
      const answer = new Promise<string>((resolve) => this.#pending.set(id, resolve));
      via.post("relay", { to, from: this.#options.self, id, kind: "offer", text: offer.text });
      return await Promise.race([answer.then((text) => offer.accept(text)), late]);
    } catch (error) {
      offer.cancel();
      throw error;
    } finally {
      clearTimeout(timer);
      this.#pending.delete(id);
    }
  }

  /** Takes a frame that came over the link of a member: it is for this node, or to be carried on. */
  receive(from: Did, link: RoomLink, frame: RoomFrameBody<"relay">): void {
    const to = frame.to as Did;
    if (to !== this.#options.self) {
      // Members speak for themselves only.
      if (frame.from !== from) return link.close("protocol error: it spoke in another's name");
      if (this.#mayCarry(link)) this.#options.linkTo(to)?.post("relay", frame);
    } else if (frame.kind === "answer") this.#pending.get(frame.id)?.(frame.text);
    else if (this.#mayCarry(link)) void this.#answer(link, frame);
  }

  async #answer(link: RoomLink, { from, id, text }: RoomFrameBody<"relay">): Promise<void> {
    if (this.#answering >= MAX_DIALS) return;
    this.#answering++;
    try {
      const answer = await this.#options.hand.answer(text);
      const timer = setTimeout(() => answer.cancel(), MEMBER_DIAL_MS);
      link.post("relay", { to: from, from: this.#options.self, id, kind: "answer", text: answer.text });
      const raw = await answer.link.finally(() => clearTimeout(timer));
      this.#options.introduce(raw);
    } catch {
      // An offer that leads nowhere is the dialler's to notice.
    } finally {
      this.#answering--;
    }
  }

  /** Bounds what one member can make this node do for it. */
  #mayCarry(link: RoomLink): boolean {
    const now = performance.now();
    const old = this.#carried.get(link);
    const window = old && now - old.since < RELAY_WINDOW_MS ? old : { since: now, count: 0 };
    this.#carried.set(link, window);
    return ++window.count <= RELAYED_PER_WINDOW;
  }
}
