/** Guesses where a reader of a graph file jumps next: weights of one layer follow each other like those of the one before. */

/** Gaps that must be alike before it guesses. */
const KNOWN_GAPS = 3;
/** Longest pattern, in gaps: a layer with some hundred weights. It bounds the search. */
const LONGEST_PATTERN = 512;
/** Gaps are alike if they differ by less, in bytes: names of layers have more and more digits. */
const TOLERANCE_BYTES = 16;

/** Remembers jumps, and finds patterns in the gaps between them. */
export class JumpGuesser {
  readonly #places: number[] = [];

  /** Notes the place of a jump. Returns the next `count` ones, or none if the last few gaps never came before. */
  next(place: number, count: number): readonly number[] {
    this.#places.push(place);
    const last = this.#places.length - 1;
    for (let end = last - 1; end >= Math.max(KNOWN_GAPS, last - LONGEST_PATTERN); end--) {
      if (!this.#isAlike(end, last)) continue;
      const period = last - end;
      let at = place;
      return Array.from({ length: count }, (_, index) => (at += this.#gap(end + 1 + (index % period))));
    }
    return [];
  }

  /** Whether the gaps up to these two jumps are alike. */
  #isAlike(one: number, other: number): boolean {
    for (let back = 0; back < KNOWN_GAPS; back++) {
      if (Math.abs(this.#gap(one - back) - this.#gap(other - back)) >= TOLERANCE_BYTES) return false;
    }
    return true;
  }

  #gap(index: number): number {
    return this.#places[index]! - this.#places[index - 1]!;
  }
}
