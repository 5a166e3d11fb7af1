/** The members that a node knows of: the newest card of each and, for a while, those that are gone. */
import type { Did } from "../../core";
import { TokenBucket } from "../../wire";
import { CARD_RATE, MAX_NODES, TOMB_MS, VIEW_PARTS, WORD_RATE } from "./constants";
import type { Standing } from "../membership";
import type { Card, Checked, Statement } from "./statements";

/** The facts known about a member without a link to it. */
export interface Entry {
  readonly card: Card;
  /** The card as it is passed on, with the proof of its node. */
  readonly statement: Statement;
  /** The standing that the proof shows. */
  standing: Standing;
  /** The word of its loss, while it has not contradicted it. */
  suspicion: Statement | undefined;
}

/** A member as views compare it. */
export interface Known {
  readonly did: Did;
  readonly stamp: number;
}

/** What of a node is passed on. */
interface Quota {
  readonly cards: TokenBucket;
  readonly words: TokenBucket;
}

interface Tomb {
  readonly stamp: number;
  /** What says that the node is gone; who still believes in it gets to see this. */
  readonly evidence: Statement;
  readonly until: number;
}

/** All members that are known of, but for this node itself. */
export class View {
  readonly entries = new Map<Did, Entry>();
  readonly #tombs = new Map<Did, Tomb>();
  /** One for each part: the exclusive or of the hashes of what is in it. */
  readonly #sums = new Array<number>(VIEW_PARTS).fill(0);
  /** Of the living and the dead: the last words of a node count too. */
  readonly #quotas = new Map<Did, Quota>();

  /**
   * Takes a card; `standing` is what a proof that came with it shows. False where the card is not news, where nothing
   * shows that its node belongs to the room, or where it is more than the node may say.
   */
  addCard(card: Card, statement: Statement, shown: Standing | undefined): boolean {
    const old = this.entries.get(card.did);
    if (old ? card.stamp <= old.card.stamp : this.#isBuried(card.did, card.stamp)) return false;
    if (!old && this.entries.size >= MAX_NODES - 1) return false;
    const standing = shown ?? old?.standing;
    const proof = (shown && statement.proof) ?? old?.statement.proof;
    if (!standing) return false;
    // Comparing views brings dropped statements again, so the last one is never lost.
    const now = performance.now();
    const quota = this.#quotas.get(card.did) ?? {
      cards: new TokenBucket(CARD_RATE, now),
      words: new TokenBucket(WORD_RATE, now),
    };
    if (!quota.cards.take(now)) return false;
    this.#quotas.set(card.did, quota);
    if (old) toggle(this.#sums, old.card);
    toggle(this.#sums, card);
    this.entries.set(card.did, { card, statement: { ...statement, proof }, standing, suspicion: undefined });
    this.#tombs.delete(card.did);
    return true;
  }

  /** Takes a word of loss, by this node itself or by one that is or was a member. True where it is news. */
  suspect({ did, by, stamp }: Checked, statement: Statement, self: Did): boolean {
    const entry = this.entries.get(did);
    // Of this very card: a word of a stamp to come would be one that can never be contradicted.
    if (!entry || entry.suspicion || entry.card.stamp !== stamp) return false;
    if (by !== self && !this.#quotas.get(by)?.words.take(performance.now())) return false;
    entry.suspicion = statement;
    return true;
  }

  /** Forgets a member and everything older than what says that it is gone. True where that is news. */
  bury(did: Did, stamp: number, evidence: Statement): boolean {
    const entry = this.entries.get(did);
    if (!entry || entry.card.stamp > stamp) return false;
    this.#remove(did, entry);
    const now = performance.now();
    // Behind all others: the oldest are the first to be forgotten.
    this.#tombs.delete(did);
    this.#tombs.set(did, { stamp, evidence, until: now + TOMB_MS });
    for (const [dead, { until }] of this.#tombs) {
      if (until >= now && this.#tombs.size <= MAX_NODES) break;
      this.#tombs.delete(dead);
      this.#quotas.delete(dead);
    }
    return true;
  }

  /** Forgets a member that was removed from the room, unless it has said something new meanwhile. */
  forget(did: Did, entry: Entry): boolean {
    if (this.entries.get(did) !== entry) return false;
    this.#remove(did, entry);
    return this.#quotas.delete(did);
  }

  /** What says that a node is gone of which somebody has a card of that stamp. */
  evidence(did: Did, stamp: number): Statement | undefined {
    return this.#isBuried(did, stamp) ? this.#tombs.get(did)?.evidence : undefined;
  }

  /** A checksum for each part, `self` included, so that two nodes with the same view have the same sums. */
  sums(self: Known | undefined): number[] {
    const sums = [...this.#sums];
    if (self) toggle(sums, self);
    return sums;
  }

  #remove(did: Did, { card }: Entry): void {
    this.entries.delete(did);
    toggle(this.#sums, card);
  }

  #isBuried(did: Did, stamp: number): boolean {
    const tomb = this.#tombs.get(did);
    return tomb !== undefined && stamp <= tomb.stamp && tomb.until > performance.now();
  }
}

/** The part of the view in which a did stands. */
export function partOf(did: Did): number {
  return hash(did) % VIEW_PARTS;
}

/** Puts a member into the sum of its part, or takes it out again. */
function toggle(sums: number[], { did, stamp }: Known): void {
  const part = partOf(did);
  sums[part] = (sums[part]! ^ hash(`${did} ${stamp}`)) >>> 0;
}

/** FNV-1a, 32 bits. It finds differences between friends and proves nothing. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value >>> 0;
}
