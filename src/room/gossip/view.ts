/** The members that a node knows: the newest card of each and, for a while, those that are gone. */
import { type Did, fnv1a, utf8 } from "../../core";
import { TokenBucket } from "../../wire";
import { MAX_NODES } from "../constants";
import { CARD_RATE, TOMB_MS, VIEW_PARTS, WORD_RATE } from "./constants";
import type { Standing } from "../membership";
import type { Card, Checked, Statement } from "./statements";

/** The facts known about a member without a link to it. */
interface NodeEntry {
  readonly card: Card;
  /** The signed card, with its node's proof, to pass on. */
  readonly statement: Statement;
  /** The standing that the proof shows. */
  standing: Standing;
  /** The statement that it was lost, until it contradicts that. */
  suspicion: Statement | undefined;
}

/** The part of a member's entry that views compare. */
export interface Known {
  readonly did: Did;
  readonly stamp: number;
}

/** Limits on how many of a node's statements are passed on. */
interface Quota {
  readonly cards: TokenBucket;
  readonly words: TokenBucket;
}

interface Tomb {
  readonly stamp: number;
  /** The statement that the node is gone; it is sent to neighbours that still list the node. */
  readonly evidence: Statement;
  readonly until: number;
}

/** All known members except this node itself. */
export class View {
  readonly entries = new Map<Did, NodeEntry>();
  readonly #tombs = new Map<Did, Tomb>();
  /** For each part, the exclusive or of the hashes of its members. */
  readonly #sums = new Array<number>(VIEW_PARTS).fill(0);
  /** Kept for dead nodes too, since their last statements also count. */
  readonly #quotas = new Map<Did, Quota>();

  /**
   * Takes a card; `shown` is the standing that the proof sent with it shows. False if the card is not news, if nothing
   * shows that its node belongs to the room, or if the node exceeds its quota.
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

  /** Takes a statement of loss, by this node itself or by a present or former member. True if it is news. */
  suspect({ did, by, stamp }: Checked, statement: Statement, self: Did): boolean {
    const entry = this.entries.get(did);
    // It must be about this very card: one with a future stamp could never be contradicted.
    if (!entry || entry.suspicion || entry.card.stamp !== stamp) return false;
    if (by !== self && !this.#quotas.get(by)?.words.take(performance.now())) return false;
    entry.suspicion = statement;
    return true;
  }

  /** Forgets a member and all its cards up to this stamp. True if that is news. */
  bury(did: Did, stamp: number, evidence: Statement): boolean {
    const entry = this.entries.get(did);
    if (!entry || entry.card.stamp > stamp) return false;
    this.#remove(did, entry);
    const now = performance.now();
    // Moves it to the end: the oldest are the first to be forgotten.
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
  forget(did: Did, entry: NodeEntry): boolean {
    if (this.entries.get(did) !== entry) return false;
    this.#remove(did, entry);
    return this.#quotas.delete(did);
  }

  /** The statement that a node is gone, for somebody who has its card of that stamp; undefined if it is not gone. */
  evidence(did: Did, stamp: number): Statement | undefined {
    return this.#isBuried(did, stamp) ? this.#tombs.get(did)?.evidence : undefined;
  }

  /** A checksum for each part, `self` included, so that two nodes with the same view have the same sums. */
  sums(self: Known | undefined): number[] {
    const sums = [...this.#sums];
    if (self) toggle(sums, self);
    return sums;
  }

  #remove(did: Did, { card }: NodeEntry): void {
    this.entries.delete(did);
    toggle(this.#sums, card);
  }

  #isBuried(did: Did, stamp: number): boolean {
    const tomb = this.#tombs.get(did);
    return tomb !== undefined && stamp <= tomb.stamp && tomb.until > performance.now();
  }
}

/** The part of the view that a did belongs to. */
export function partOf(did: Did): number {
  return fnv1a(utf8(did)) % VIEW_PARTS;
}

/** Puts a member into the sum of its part, or takes it out again. */
function toggle(sums: number[], { did, stamp }: Known): void {
  const part = partOf(did);
  sums[part] = (sums[part]! ^ fnv1a(utf8(`${did} ${stamp}`))) >>> 0;
}
