/** Keeps a node's links as the size of the room asks for: dials members that it should be linked to, and ends links that it does not need. */
import type { Did } from "../../core";
import { TokenBucket } from "../../wire";
import { FORGIVE_MIN_MS, FORGIVE_MS, LINKS_WANTED, REWIRE_MS, TEND_MS, WORD_RATE } from "./constants";
import { type Neighbour, isFullMesh, planLinks, sample } from "./links";
import type { MemberDirectory } from "./directory";

/** The links of the node, as far as they are tended. */
interface Links {
  linked(): ReadonlyMap<Did, Neighbour>;
  /** How many there are: asked for each node that somebody names. */
  readonly count: number;
  /** Whether a node is being dialled, or waits for it. */
  isDialling(did: Did): boolean;
  /** Nodes that are being dialled now. */
  readonly dialling: number;
  /** Begins to dial, at an address or through a member that is linked to both. */
  dial(did: Did): void;
  drop(did: Did): void;
}

interface LinkKeeperOptions {
  readonly directory: MemberDirectory;
  readonly links: Links;
  /** Whether this node can dial at all: else a failure says nothing about who was dialled. */
  online(): boolean;
  readonly random?: () => number;
}

/** A member that is left alone until then, for so long. */
interface Avoided {
  readonly until: number;
  readonly ms: number;
}

/** Looks at the links from time to time, and when asked to. */
export class LinkKeeper {
  readonly #options: LinkKeeperOptions;
  readonly #random: () => number;
  /** Members that were not reached or refused a link. */
  readonly #avoided = new Map<Did, Avoided>();
  readonly #words = new TokenBucket(WORD_RATE, performance.now());
  #full = true;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #rewireAt: number;

  constructor(options: LinkKeeperOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#rewireAt = performance.now() + REWIRE_MS * (0.5 + this.#random());
    this.#later();
  }

  /** Whether every node is linked to every other, as far as this one can tell. */
  get full(): boolean {
    return (this.#full = isFullMesh(this.#options.directory.nodes, this.#full));
  }

  /** Whether somebody whom a member named is worth dialling: in a larger room mostly strangers are. */
  wants(did: Did): boolean {
    const { directory, links } = this.#options;
    return this.full || directory.card(did) === undefined || links.count + links.dialling < LINKS_WANTED;
  }

  /** A dial has led nowhere. */
  failed(did: Did): void {
    const { directory, online } = this.#options;
    this.avoid(did, Math.min(FORGIVE_MS, 2 * (this.#avoided.get(did)?.ms ?? FORGIVE_MIN_MS / 2)));
    // Where it stays silent too, it is gone; where it cannot be reached from here alone, it will say so.
    if (online() && directory.addressOf(did) && this.#words.take(performance.now())) directory.missed(did);
  }

  /** Whether it is left alone now. */
  avoids(did: Did): boolean {
    return (this.#avoided.get(did)?.until ?? 0) > performance.now();
  }

  /** Leaves a node alone for a while: it was not reached, or did not want a link. */
  avoid(did: Did, ms = FORGIVE_MS): void {
    this.#avoided.set(did, { until: performance.now() + ms, ms });
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #later(): void {
    this.#timer = setTimeout(
      () => {
        this.#tend();
        this.#later();
      },
      TEND_MS * (0.5 + this.#random()),
    );
  }

  #tend(): void {
    const { directory, links, online } = this.#options;
    const now = performance.now();
    // A failure soon after the last one doubles the wait.
    for (const [did, { until }] of this.#avoided) if (until + FORGIVE_MS <= now) this.#avoided.delete(did);
    const others = directory.dids();
    const linked = links.linked();
    const plan = planLinks({
      self: directory.self,
      others,
      linked,
      dialling: links.dialling,
      avoid: (did) => this.avoids(did) || links.isDialling(did),
      full: this.full,
      random: this.#random,
    });
    for (const did of plan.drop) {
      this.avoid(did);
      links.drop(did);
    }
    // Without signaling, other members carry the offers.
    if (!online() && linked.size === 0) return;
    for (const did of plan.dial) links.dial(did);
    if (!this.#full && now >= this.#rewireAt) this.#rewire(others);
  }

  /** A link to anybody: it keeps the mesh mixed, and finds the dead whom nobody has missed. */
  #rewire(others: readonly Did[]): void {
    const { links } = this.#options;
    this.#rewireAt = performance.now() + REWIRE_MS * (0.5 + this.#random());
    const linked = links.linked();
    const strangers = others.filter((did) => !linked.has(did) && !this.avoids(did));
    for (const did of sample(strangers, 1, this.#random)) links.dial(did);
  }
}
