/**
 * Lines brought up through a member that both sides are linked to: it carries one offer and one answer, which
 * it can neither read into nor change unseen, since the handshake is bound to the line that comes of it.
 */
import { type Did, MicrogridError, onAbort, randomId } from "../../core";
import { type HandAnswer, type HandOffer, type RawLink, TokenBucket } from "../../wire";
import { MAX_DIALS, MEMBER_DIAL_MS } from "../constants";
import { givingWay } from "../membership";
import type { RoomFrameBody, RoomLink } from "../protocol";
import { CARRIED_FROM_RATE, CARRIED_TO_RATE } from "../frames/rates";

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
  /** Offers that are being answered, with the branch of the member that brought each: offers may be made up, and never come up. */
  readonly #answering = new Set<{ readonly branch: Did; readonly stop: AbortController }>();
  /** Limits for relayed frames from a link and to it. */
  readonly #carried = new WeakMap<RoomLink, { readonly from: TokenBucket; readonly to: TokenBucket }>();

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

  /** Takes a frame that came over the link of a member of this branch: it is for this node, or to be carried on. */
  receive(link: RoomLink, branch: Did, frame: RoomFrameBody<"relay">): void {
    const to = frame.to as Did;
    if (to !== this.#options.self) {
      // Members speak for themselves only.
      if (frame.from !== link.did) return link.accuse("it spoke in another's name");
      const onward = this.#options.linkTo(to);
      if (onward && this.#mayCarry(link, onward)) onward.post("relay", frame);
    } else if (frame.kind === "answer") this.#pending.get(frame.id)?.(frame.text);
    else if (this.#makeRoom(branch)) void this.#answer(link, branch, frame);
  }

  /** False where as many offers are being answered as may be, and none of them gives way. */
  #makeRoom(branch: Did): boolean {
    if (this.#answering.size < MAX_DIALS) return true;
    const out = givingWay(this.#answering, (each) => each.branch, branch).at(-1);
    out?.stop.abort();
    return out !== undefined && this.#answering.delete(out);
  }

  async #answer(link: RoomLink, branch: Did, { from, id, text }: RoomFrameBody<"relay">): Promise<void> {
    const stop = new AbortController();
    const answering = { branch, stop };
    this.#answering.add(answering);
    try {
      const answer = await this.#options.hand.answer(text);
      onAbort(stop.signal, () => answer.cancel());
      const timer = setTimeout(() => stop.abort(), MEMBER_DIAL_MS);
      link.post("relay", { to: from, from: this.#options.self, id, kind: "answer", text: answer.text });
      const raw = await answer.link.finally(() => clearTimeout(timer));
      this.#options.introduce(raw);
    } catch {
      // An offer that leads nowhere is the dialler's to notice.
    } finally {
      this.#answering.delete(answering);
    }
  }

  /**
   * Bounds what members can make this node say in their names: what they send too much of is dropped here, before it
   * costs this node the link to the one who gets it.
   */
  #mayCarry(from: RoomLink, to: RoomLink): boolean {
    const now = performance.now();
    return this.#bucketsOf(from).from.take(now) && this.#bucketsOf(to).to.take(now);
  }

  #bucketsOf(link: RoomLink): { readonly from: TokenBucket; readonly to: TokenBucket } {
    const known = this.#carried.get(link);
    if (known) return known;
    const now = performance.now();
    const buckets = { from: new TokenBucket(CARRIED_FROM_RATE, now), to: new TokenBucket(CARRIED_TO_RATE, now) };
    this.#carried.set(link, buckets);
    return buckets;
  }
}
