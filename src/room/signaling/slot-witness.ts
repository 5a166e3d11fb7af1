/** Judges which members hold the slots that they claim. */
import { type Did, putNewest } from "../../core";
import { MAX_NODES, SLOT_LIE_MS, SLOT_MET_MS } from "../constants";

/** A member's word that it holds a slot of the current epoch. */
interface SlotClaim {
  readonly did: Did;
  readonly slot: number;
}

/** The same with the branch of admissions that the member belongs to (`Standing.branch`). */
export interface KnownClaim extends SlotClaim {
  readonly branch: Did;
}

/**
 * Tells claims apart: those of holders that were met at their slots, those that were found false, and those that nobody
 * has looked at. Identities cost nothing, so a room whose members believed each other's claims could be made unfindable.
 */
export class SlotWitness {
  readonly #now: () => number;
  /** For each slot, the node that answered there. */
  readonly #met = new Map<number, { readonly did: Did; readonly until: number }>();
  readonly #liars = new Map<Did, number>();

  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /** This node answered at this slot. */
  meet({ did, slot }: SlotClaim): void {
    this.#met.set(slot, { did, until: this.#now() + SLOT_MET_MS });
    this.#liars.delete(did);
  }

  /** The slot was free, silent, or somebody else's. */
  disbelieve({ did }: SlotClaim): void {
    putNewest(this.#liars, did, this.#now() + SLOT_LIE_MS, MAX_NODES);
  }

  /** The claims of holders that were met at their slots and still say that they hold them. */
  met(claims: readonly KnownClaim[]): readonly KnownClaim[] {
    return claims.filter((claim) => this.#wasMet(claim));
  }

  /** Slots that somebody says it holds and was not found to lie. */
  believed(claims: readonly SlotClaim[]): ReadonlySet<number> {
    return new Set(claims.filter(({ did }) => !this.#lied(did)).map(({ slot }) => slot));
  }

  /** Claims that nobody has looked at. */
  unchecked(claims: readonly SlotClaim[]): readonly SlotClaim[] {
    return claims.filter((claim) => !this.#lied(claim.did) && !this.#wasMet(claim));
  }

  #wasMet({ did, slot }: SlotClaim): boolean {
    const met = this.#met.get(slot);
    return met?.did === did && met.until > this.#now();
  }

  #lied(did: Did): boolean {
    return (this.#liars.get(did) ?? -Infinity) > this.#now();
  }
}
