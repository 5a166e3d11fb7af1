/** The places of members that a node knows to be taken, and by whom. */
import type { Did } from "../../core";
import { MAX_TAKEN_PLACES } from "../constants";
import { type PlaceRange, overlap } from "./admission";
import type { GivenPlace } from "./given-places";
import type { TakenPlace } from "./proof";

interface Entry extends GivenPlace {
  /** All places that admissions of this node have named. */
  readonly place: PlaceRange;
  /** The member's own admission of the node, if it was shown. */
  readonly word: TakenPlace | undefined;
  /** Whether a founder has repeated it. */
  readonly isFounders: boolean;
}

/** Remembers who has a place: the first that shows it. The members that were heard of longest ago are forgotten first. */
export class TakenPlaces {
  readonly #of = new Map<Did, readonly Entry[]>();
  #count = 0;

  /** The places of a member. */
  of(by: Did): readonly GivenPlace[] {
    return this.#of.get(by) ?? [];
  }

  /** Takes a place; returns the one who has it instead, if somebody else does. A founder's word counts more than that of the member. */
  take(taken: TakenPlace): Entry | undefined {
    const { by, did } = taken;
    const known = this.#of.get(by) ?? [];
    const own = known.find((each) => each.did === did);
    const place = own ? union(own.place, taken.place) : taken.place;
    const others = known.filter((each) => each.did !== did);
    const other = others.find((each) => overlap(each.place, place));
    if (other && !taken.isFounders) return other;
    const staying = others.filter(({ isFounders, place: theirs }) => isFounders || !overlap(theirs, place));
    const word = taken.isFounders ? own?.word : taken;
    this.#put(by, [...staying, { did, place, word, isFounders: taken.isFounders || own?.isFounders === true }]);
    return undefined;
  }

  #put(by: Did, entries: readonly Entry[]): void {
    this.#count += entries.length - (this.#of.get(by)?.length ?? 0);
    this.#of.delete(by);
    this.#of.set(by, entries);
    for (const [oldest, { length }] of this.#of) {
      if (this.#count <= MAX_TAKEN_PLACES || oldest === by) break;
      this.#of.delete(oldest);
      this.#count -= length;
    }
  }
}

function union(one: PlaceRange, other: PlaceRange): PlaceRange {
  const n = Math.min(one.n, other.n);
  return { n, share: Math.max(one.n + one.share, other.n + other.share) - n };
}
