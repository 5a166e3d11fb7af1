/**
 * Dials nodes that this one has heard of: a few at once, at their address or through a member that mentioned them. Members can make up any
 * number of nodes, each of which is dialled for seconds, so their branches share the lines (`Standing.branch`).
 */
import { type Did, MicrogridError, type PeerId } from "../../core";
import type { RawLink } from "../../wire";
import { CHOSEN_DIALS, MAX_DIALS, FULL_MESH_NODES } from "../constants";
import { givingWay } from "../membership";
import type { RoomLink } from "../protocol";

/** The ways to reach a node. */
export interface DialTarget {
  readonly address: PeerId | undefined;
  /** The member that mentioned it and may carry an offer to it. */
  readonly via: RoomLink | undefined;
  /** The branch of the member that named it; undefined where this node chose it by itself. */
  readonly teller: Did | undefined;
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

/** Dials nodes in turn, and keeps those that wait: first those that this node chose, then those of the branch that is dialled least. */
export class Dialler {
  readonly #options: DiallerOptions;
  readonly #dialling = new Map<Did, DialTarget>();
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
    const before = this.#waiting.get(did);
    // A node that this one chose keeps its address and its turn, whatever others say of it.
    if (before ? target.teller && !before.teller : !this.#makeRoom(target)) return;
    this.#waiting.set(did, target);
    this.#next();
  }

  close(): void {
    this.#closed = true;
  }

  /** False where too many wait that others have named, and none of them gives way. */
  #makeRoom({ teller }: DialTarget): boolean {
    if (teller === undefined) return true;
    const named = [...this.#waiting].flatMap(([did, target]) =>
      target.teller === undefined ? [] : [{ did, teller: target.teller }],
    );
    if (named.length < FULL_MESH_NODES) return true;
    const out = givingWay(named, (each) => each.teller, teller).at(-1);
    return out !== undefined && this.#waiting.delete(out.did);
  }

  #next(): void {
    if (this.#closed) return;
    for (let next = this.#choose(); next; next = this.#choose()) {
      const [did, target] = next;
      this.#waiting.delete(did);
      if (!this.#options.wants(did, target)) continue;
      this.#dialling.set(did, target);
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

  /** The node whose turn it is; undefined where none waits that may be dialled now. */
  #choose(): [Did, DialTarget] | undefined {
    const count = this.#dialling.size;
    if (count >= MAX_DIALS + CHOSEN_DIALS) return undefined;
    // A newer target of a node that is being dialled waits until that attempt ends.
    const waiting = [...this.#waiting].filter(([did]) => !this.#dialling.has(did));
    const chosen = waiting.find(([, { teller }]) => teller === undefined);
    if (chosen || count >= MAX_DIALS) return chosen;
    const dialled = (branch: Did | undefined): number =>
      [...this.#dialling.values()].filter(({ teller }) => teller === branch).length;
    let [first, least] = [waiting[0], Infinity];
    for (const each of waiting) {
      const number = dialled(each[1].teller);
      if (number < least) [first, least] = [each, number];
    }
    return first;
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
