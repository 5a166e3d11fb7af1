/** The members that a node knows: the newest card of each and, for a while, those that are gone. */
import { type Did, fnv1a, utf8 } from "../../core";
import { TokenBucket } from "../../wire";
import { MAX_NODES } from "../constants";
import { CARD_RATE, SUSPECT_MS, TOMB_MS, VIEW_PARTS, WORD_RATE } from "./constants";
import { type Proof, type Standing, givingWay } from "../membership";
import type { Card, Checked, Statement } from "./statements";

/** The facts known about a member without a link to it. */
interface NodeEntry {
  readonly card: Card;
  /** The part of the view that it belongs to. */
  readonly part: number;
  /** The signed card, with its node's proof, to pass on. */
  readonly statement: Statement;
  /** The standing that the proof shows. */
  readonly standing: Standing;
  /** The statement that it was lost, until it contradicts that. */
  suspicion: Statement | undefined;
}

/** The part of a member's entry that views compare. */
export interface Known {
  readonly did: Did;
  readonly stamp: number;
}

/** The same with the part of the view that it belongs to, which takes as long to compute as all else that is done with an entry. */
export interface Placed extends Known {
  readonly part: number;
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

interface ViewOptions {
  /** Whether this node is linked to a member, which is better evidence than anybody's word. */
  isLinked(did: Did): boolean;
  /** Called when a member was forgotten later than in the call that has led to it, or for the sake of another one. */
  forgotten(did: Did): void;
}

/** All known members except this node itself. */
export class View {
  readonly entries = new Map<Did, NodeEntry>();
  readonly #options: ViewOptions;
  readonly #tombs = new Map<Did, Tomb>();
  /** For each part, the exclusive or of the hashes of its members. */
  readonly #sums = new Array<number>(VIEW_PARTS).fill(0);
  /** Kept for dead nodes too, since their last statements also count. */
  readonly #quotas = new Map<Did, Quota>();
  /** Ends the wait for a card that contradicts a statement of loss. */
  readonly #suspects = new Map<Did, ReturnType<typeof setTimeout>>();
  /** Entries of each branch. */
  readonly #branches = new Map<Did, number>();

  constructor(options: ViewOptions) {
    this.#options = options;
  }

  /**
   * Takes a card; `shown` is the standing that the proof sent with it shows. False if the card is not news, if nothing
   * shows that its node belongs to the room, if the node exceeds its quota, or if its branch exceeds its share of a full view.
   */
  addCard(card: Card, statement: Statement, shown: Standing | undefined): boolean {
    const old = this.entries.get(card.did);
    if (old ? card.stamp <= old.card.stamp : this.#isBuried(card.did, card.stamp)) return false;
    const standing = shown ?? old?.standing;
    const proof = (shown && statement.proof) ?? old?.statement.proof;
    if (!standing || (!old && !this.hasPlaceFor(standing))) return false;
    // Comparing views brings dropped statements again, so the last one is never lost.
    const now = performance.now();
    const quota = this.#quotas.get(card.did) ?? {
      cards: new TokenBucket(CARD_RATE, now),
      words: new TokenBucket(WORD_RATE, now),
    };
    if (!quota.cards.take(now)) return false;
    if (!old && this.#isFull && !this.#spare(standing)) return false;
    this.#quotas.set(card.did, quota);
    if (old) this.#remove(card.did, old);
    this.#acquit(card.did);
    const part = old?.part ?? partOf(card.did);
    this.#put(card.did, { card, part, statement: { ...statement, proof }, standing, suspicion: undefined });
    this.#tombs.delete(card.did);
    return true;
  }

  /**
   * Whether a card whose signature is not checked yet could be taken, or answered: anybody can send what is certain to be refused, again
   * and again.
   */
  isNews({ did, stamp }: Card, proof: Proof | undefined): boolean {
    const old = this.entries.get(did);
    if (!old) return proof !== undefined || this.#isBuried(did, stamp);
    return stamp > old.card.stamp && this.#quotas.get(did)?.cards.has(performance.now()) !== false;
  }

  /** Whether one more member of this standing could be kept in mind. */
  hasPlaceFor({ branch }: Standing): boolean {
    return !this.#isFull || Math.max(...this.#branches.values()) > (this.#branches.get(branch) ?? 0) + 1;
  }

  /** The rules have changed: the same proof shows another standing now. */
  setStanding(did: Did, entry: NodeEntry, standing: Standing): void {
    if (this.entries.get(did) !== entry) return;
    this.#remove(did, entry);
    this.#put(did, { ...entry, standing });
  }

  /**
   * Takes a statement of loss, by this node itself or by a present or former member. True if it is news. The member is forgotten
   * after a while, unless a card of it contradicts.
   */
  suspect({ did, by, stamp }: Checked, statement: Statement, self: Did): boolean {
    const entry = this.entries.get(did);
    // It must be about this very card: one with a future stamp could never be contradicted.
    if (!entry || entry.suspicion || entry.card.stamp !== stamp) return false;
    if (by !== self && !this.#quotas.get(by)?.words.take(performance.now())) return false;
    entry.suspicion = statement;
    this.#suspects.set(
      did,
      setTimeout(() => this.#convict(did, stamp, statement), SUSPECT_MS),
    );
    return true;
  }

  /** Forgets a member and all its cards up to this stamp. True if that is news. */
  bury(did: Did, stamp: number, evidence: Statement): boolean {
    const entry = this.entries.get(did);
    if (!entry || entry.card.stamp > stamp) return false;
    this.#acquit(did);
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
    this.#acquit(did);
    this.#remove(did, entry);
    return this.#quotas.delete(did);
  }

  /** The statement that a node is gone, for somebody who has its card of that stamp; undefined if it is not gone. */
  evidence(did: Did, stamp: number): Statement | undefined {
    return this.#isBuried(did, stamp) ? this.#tombs.get(did)?.evidence : undefined;
  }

  close(): void {
    for (const timer of this.#suspects.values()) clearTimeout(timer);
  }

  /** A checksum for each part, `self` included, so that two nodes with the same view have the same sums. */
  sums(self: Known | undefined): number[] {
    const sums = [...this.#sums];
    if (self) toggle(sums, self, partOf(self.did));
    return sums;
  }

  /** All that views compare of the members, `self` included. */
  known(self: Known | undefined): Placed[] {
    const known = [...this.entries.values()].map(({ card: { did, stamp }, part }) => ({ did, stamp, part }));
    if (self) known.push({ ...self, part: partOf(self.did) });
    return known;
  }

  get #isFull(): boolean {
    return this.entries.size >= MAX_NODES - 1;
  }

  /** Forgets a member of the largest branch. All nodes choose the same one as far as they can, so that their views stay alike. */
  #spare({ branch }: Standing): boolean {
    const spare = [...this.entries.values()].filter(({ card }) => !this.#options.isLinked(card.did));
    const [first, ...others] = givingWay(spare, ({ standing }) => standing.branch, branch);
    if (!first) return false;
    const { did } = others.reduce((a, b) => (b.card.did > a.card.did ? b : a), first).card;
    this.forget(did, this.entries.get(did)!);
    this.#options.forgotten(did);
    return true;
  }

  #acquit(did: Did): void {
    clearTimeout(this.#suspects.get(did));
    this.#suspects.delete(did);
  }

  #convict(did: Did, stamp: number, word: Statement): void {
    this.#suspects.delete(did);
    const entry = this.entries.get(did);
    if (entry?.suspicion !== word) return;
    if (this.#options.isLinked(did)) entry.suspicion = undefined;
    else if (this.bury(did, stamp, word)) this.#options.forgotten(did);
  }

  #put(did: Did, entry: NodeEntry): void {
    this.entries.set(did, entry);
    this.#account(entry, 1);
  }

  #remove(did: Did, entry: NodeEntry): void {
    this.entries.delete(did);
    this.#account(entry, -1);
  }

  /** Keeps the sums and the sizes of branches. */
  #account({ card, part, standing }: NodeEntry, by: 1 | -1): void {
    toggle(this.#sums, card, part);
    const size = (this.#branches.get(standing.branch) ?? 0) + by;
    if (size > 0) this.#branches.set(standing.branch, size);
    else this.#branches.delete(standing.branch);
  }

  #isBuried(did: Did, stamp: number): boolean {
    const tomb = this.#tombs.get(did);
    return tomb !== undefined && stamp <= tomb.stamp && tomb.until > performance.now();
  }
}

/** The part of the view that a did belongs to. */
function partOf(did: Did): number {
  return fnv1a(utf8(did)) % VIEW_PARTS;
}

/** Puts a member into the sum of its part, or takes it out again. */
function toggle(sums: number[], { did, stamp }: Known, part: number): void {
  sums[part] = (sums[part]! ^ fnv1a(utf8(`${did} ${stamp}`))) >>> 0;
}
