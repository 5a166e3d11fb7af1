/** Dials nodes that this one has heard of: a few at once, at their address or through a member that spoke of them. */
import { type Did, MicrogridError, type PeerId } from "../../core";
import type { RawLink } from "../../wire";
import { MAX_DIALS, MAX_MEMBERS } from "../constants";
import type { RoomLink } from "../protocol";

/** How a node may be reached. */
export interface DialTarget {
  readonly address: PeerId | undefined;
  /** The member that spoke of it, and may carry an offer to it. */
  readonly via: RoomLink | undefined;
  /** Whether this node chose it, or has only heard of it. */
  readonly chosen: boolean;
}

interface DiallerOptions {
  /** Whether dialling is of use: nobody is dialled who is linked, or who is not wanted. */
  wants(did: Did, target: DialTarget): boolean;
  /** Dials an address at the signaling server. */
  dial(address: string): Promise<RawLink>;
  /** Dials through a member. */
  dialThrough(did: Did, via: RoomLink): Promise<RawLink>;
  introduce(raw: RawLink): Promise<unknown>;
  /** A node was not reached. */
  failed(did: Did): void;
}

/** The nodes that are being dialled, and those that wait for it. */
export class Dialler {
  readonly #options: DiallerOptions;
  readonly #dialling = new Set<Did>();
  /** Nodes that wait to be dialled, with the newest that is known of each. */
  readonly #waiting = new Map<Did, DialTarget>();
  #closed = false;

  constructor(options: DiallerOptions) {
    this.#options = options;
  }

  /** Nodes that are being dialled now. */
  get count(): number {
    return this.#dialling.size;
  }

  isDialling(did: Did): boolean {
    return this.#dialling.has(did) || this.#waiting.has(did);
  }

  /** Dials a node when its turn comes. */
  dial(did: Did, target: DialTarget): void {
    if (!this.#options.wants(did, target)) return;
    // A peer may invent nodes without end; beyond a full mesh they are not believed.
    if (this.#waiting.size >= MAX_MEMBERS && !this.#waiting.has(did) && !target.chosen) return;
    this.#waiting.set(did, target);
    this.#next();
  }

  close(): void {
    this.#closed = true;
  }

  #next(): void {
    for (const [did, target] of this.#waiting) {
      if (this.#closed || this.#dialling.size >= MAX_DIALS) return;
      // What came in meanwhile about a node that is being dialled waits for how that ends.
      if (this.#dialling.has(did)) continue;
      this.#waiting.delete(did);
      if (!this.#options.wants(did, target)) continue;
      this.#dialling.add(did);
      void this.#reach(did, target)
        .then((raw) => this.#options.introduce(raw))
        // An address may be stale; the rendezvous finds the node again.
        .catch(() => this.#closed || this.#options.failed(did))
        .finally(() => {
          this.#dialling.delete(did);
          this.#next();
        });
    }
  }

  async #reach(did: Did, { address, via }: DialTarget): Promise<RawLink> {
    const throughMember = (): Promise<RawLink> => {
      if (!via?.open) throw new MicrogridError("peer-lost", "A device is out of reach.");
      return this.#options.dialThrough(did, via);
    };
    if (!address) return throughMember();
    return this.#options.dial(address).catch(throughMember);
  }
}
