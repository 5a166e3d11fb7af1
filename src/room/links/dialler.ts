/** Dials nodes that this one has heard of: a few at once, at their address or through a member that mentioned them. */
import { type Did, MicrogridError, type PeerId } from "../../core";
import type { RawLink } from "../../wire";
import { MAX_DIALS, FULL_MESH_NODES } from "../constants";
import type { RoomLink } from "../protocol";

/** The ways to reach a node. */
export interface DialTarget {
  readonly address: PeerId | undefined;
  /** The member that mentioned it and may carry an offer to it. */
  readonly via: RoomLink | undefined;
  /** Whether this node chose it, or has only heard of it. */
  readonly chosen: boolean;
}

interface DiallerOptions {
  /** Whether to dial a node: false if it is linked already or not wanted. */
  wants(did: Did, target: DialTarget): boolean;
  /** Dials an address at the signaling server. */
  dial(address: string): Promise<RawLink>;
  /** Dials through a member. */
  dialThrough(did: Did, via: RoomLink): Promise<RawLink>;
  introduce(raw: RawLink): Promise<unknown>;
  /** Called when a node was not reached. */
  failed(did: Did): void;
}

/** Dials nodes in turn, and keeps those that wait. */
export class Dialler {
  readonly #options: DiallerOptions;
  readonly #dialling = new Set<Did>();
  /** Nodes that wait to be dialled, with the newest target of each. */
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
    // A peer may invent any number of nodes, so this bounds how many wait.
    if (this.#waiting.size >= FULL_MESH_NODES && !this.#waiting.has(did) && !target.chosen) return;
    this.#waiting.set(did, target);
    this.#next();
  }

  close(): void {
    this.#closed = true;
  }

  #next(): void {
    for (const [did, target] of this.#waiting) {
      if (this.#closed || this.#dialling.size >= MAX_DIALS) return;
      // A newer target of a node that is being dialled waits until that attempt ends.
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
