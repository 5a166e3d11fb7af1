/** This node's announcement to the whole room: published when it changes, and when a member says this node is lost. */
import type { Bytes } from "../../core";
import type { Signer } from "../../identity";
import type { Proof } from "../membership";
import { FULL_MESH_NODES } from "../constants";
import { CARDS_PER_SECOND, CARD_MS } from "./constants";
import { type CardTerms, type Checked, type Statement, signCard } from "./statements";
import type { Known } from "./view";

/** A farewell is one above the card that it belongs to. */
const STAMP_STEP = 2;

interface OwnAnnouncementOptions {
  readonly signer: Signer;
  /** Hash of the room's genesis. */
  readonly room: Bytes;
  readonly session: string;
  terms(): CardTerms;
  /** Why this node belongs to the room. */
  proof(): Proof;
  /** Nodes in the room, this one included. */
  nodes(): number;
  /** Tells the room. */
  publish(card: Statement): void;
  readonly random: () => number;
}

/** The card of this node. */
export class OwnAnnouncement {
  readonly #options: OwnAnnouncementOptions;
  #card: Statement | undefined;
  #farewell: Statement | undefined;
  #stamp = 0;
  #weight = "";
  #publishedAt = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #dueAt = Infinity;
  #closed = false;

  constructor(options: OwnAnnouncementOptions) {
    this.#options = options;
  }

  /** Undefined until the first one is signed. */
  get card(): Statement | undefined {
    return this.#card;
  }

  /** The card as views compare it. */
  get entry(): Known | undefined {
    return this.#card && { did: this.#options.signer.did, stamp: this.#stamp };
  }

  /** Publishes what has changed: the first time at once, later spread over the time that the size of the room asks for. */
  refresh(): void {
    if (this.#weigh(this.#options.terms()) === this.#weight) return;
    if (this.#publishedAt === -Infinity) return this.#schedule(0);
    const interval = Math.max(CARD_MS, (1000 * this.#options.nodes()) / CARDS_PER_SECOND);
    const due = Math.max(this.#publishedAt + interval, performance.now());
    if (this.#timer === undefined) this.#schedule(due - performance.now() + this.#options.random() * interval);
  }

  /** Somebody says that this node is gone, or has a card of it from a clock that was ahead: it says otherwise. */
  contradict({ kind, stamp }: Checked): void {
    // A card of this very stamp is an echo. A word of loss counts for one stamp only, so that nobody can drive it up.
    const concerned = kind === "loss" ? stamp === this.#stamp : stamp > this.#stamp;
    if (this.#closed || !concerned) return;
    this.#stamp = stamp;
    this.#weight = "";
    this.#schedule(this.#publishedAt + CARD_MS - performance.now());
  }

  /** Ends it; gives what tells the others that this node has left. */
  close(): Statement | undefined {
    this.#closed = true;
    clearTimeout(this.#timer);
    return this.#farewell;
  }

  #schedule(ms: number): void {
    const due = performance.now() + Math.max(0, ms);
    if (this.#timer !== undefined && this.#dueAt <= due) return;
    clearTimeout(this.#timer);
    this.#dueAt = due;
    this.#timer = setTimeout(() => void this.#publish(), Math.max(0, ms));
  }

  async #publish(): Promise<void> {
    this.#timer = undefined;
    const { signer, room, session, publish } = this.#options;
    const proof = this.#options.proof();
    const terms = this.#options.terms();
    this.#weight = this.#weigh(terms);
    this.#publishedAt = performance.now();
    const stamp = Math.max(Date.now(), this.#stamp + STAMP_STEP);
    this.#stamp = stamp;
    const { card, farewell } = await signCard(signer, { room, session, stamp, terms });
    if (this.#closed || this.#stamp !== stamp) return;
    this.#card = { ...card, proof };
    this.#farewell = farewell;
    publish(this.#card);
  }

  /** The content whose change is worth a new card: rates and loads only roughly, and loads only where not everybody hears heartbeats. */
  #weigh({ load, offers, ...rest }: CardTerms): string {
    const wide = this.#options.nodes() > FULL_MESH_NODES;
    const busy = Math.min(load.running + load.queued, 3);
    const rough = offers.map(({ prefillRate, decodeRate, ...offer }) => ({
      ...offer,
      prefillRate: magnitude(prefillRate),
      decodeRate: magnitude(decodeRate),
    }));
    return JSON.stringify({ ...rest, offers: rough, ...(wide && { busy, visible: load.visible }) });
  }
}

/** Steps of about 40 %. */
function magnitude(rate: number | undefined): number | undefined {
  return rate === undefined ? undefined : Math.round(2 * Math.log2(rate));
}
