/** The neighbours of a node in gossip, with limits on the work that each of them may cause. */
import type { Bytes, Did } from "../../core";
import { TokenBucket } from "../../wire";
import { ANSWER_RATE, STATEMENT_RATE } from "./constants";
import type { GossipSender } from "./frames";
import { gossipFrames } from "./queue";
import type { Statement } from "./statements";

/** The link to a neighbour, as far as gossip uses it. */
export interface NeighbourLine {
  readonly send: GossipSender;
  /** Sends a frame of `gossip` that is encoded already: most statements go to several neighbours. */
  sendEncoded(gossip: Bytes): void;
  /** Ends the link, because the neighbour has broken the rules in this way. */
  accuse(what: string): void;
  /** Counts work for what it has sent, in ms, that came after its frame was taken. */
  charge(ms: number): void;
}

/** A linked member with its limits. */
export interface GossipNeighbour extends NeighbourLine {
  readonly statements: TokenBucket;
  readonly answers: TokenBucket;
  /** Statements are checked and taken one frame after the other. */
  intake: Promise<void>;
}

/** All neighbours of a node, by did. */
export class Neighbours {
  readonly #all = new Map<Did, GossipNeighbour>();

  get dids(): Did[] {
    return [...this.#all.keys()];
  }

  has(did: Did): boolean {
    return this.#all.has(did);
  }

  get(did: Did): GossipNeighbour | undefined {
    return this.#all.get(did);
  }

  add(did: Did, { send, sendEncoded, accuse, charge }: NeighbourLine): void {
    const now = performance.now();
    const statements = new TokenBucket(STATEMENT_RATE, now);
    const answers = new TokenBucket(ANSWER_RATE, now);
    this.#all.set(did, { send, sendEncoded, accuse, charge, statements, answers, intake: Promise.resolve() });
  }

  /** Removes a neighbour and returns it. */
  remove(did: Did): GossipNeighbour | undefined {
    const neighbour = this.#all.get(did);
    this.#all.delete(did);
    return neighbour;
  }

  /** Sends news, in frames of a limited size; nothing if the node is no neighbour. */
  send(to: Did, statements: readonly Statement[]): void {
    this.#send(to, gossipFrames(statements, true));
  }

  /** Sends statements that a neighbour has asked for, up to its limit. */
  answer(to: Did, statements: readonly Statement[]): void {
    const now = performance.now();
    const allowed = statements.filter(() => this.#all.get(to)?.answers.take(now));
    if (allowed.length > 0) this.#send(to, gossipFrames(allowed, false));
  }

  #send(to: Did, frames: readonly Bytes[]): void {
    for (const frame of frames) this.#all.get(to)?.sendEncoded(frame);
  }
}
