/** Memory of the nodes that a membership has examined. */
import { type Did, putNewest } from "../../core";
import type { Standing } from "./proof";

/** Maximum number of standings to remember: twice the members that a node remembers. */
const MAX_STANDINGS = 4_096;

/**
 * The standings of the nodes examined since the rules last changed. Their number is bounded because members may invent
 * others; the one examined longest ago is the first to be forgotten.
 */
export class Standings {
  readonly #known = new Map<Did, Standing>();

  remember(did: Did, standing: Standing): void {
    putNewest(this.#known, did, standing, MAX_STANDINGS);
  }

  /** Call this when the rules change: each node must be examined again. */
  clear(): void {
    this.#known.clear();
  }

  /** Call this when a house has revoked a delegation: forgets the nodes whose standing rests on it. */
  forget(isConcerned: (did: Did, standing: Standing) => boolean): void {
    for (const [did, standing] of this.#known) if (isConcerned(did, standing)) this.#known.delete(did);
  }

  isFounder(did: Did): boolean {
    const { founder, until } = this.#known.get(did) ?? { founder: false, until: 0 };
    return founder && until >= Date.now();
  }

  /** The known nodes of these houses. */
  nodesOf(houses: readonly Did[]): readonly Did[] {
    return this.#where(({ house }) => house !== undefined && houses.includes(house.did));
  }

  /** The known nodes that are no founders'. */
  get members(): readonly Did[] {
    return this.#where(({ founder }) => !founder);
  }

  #where(holds: (standing: Standing) => boolean): readonly Did[] {
    return [...this.#known].filter(([, standing]) => holds(standing)).map(([did]) => did);
  }
}
