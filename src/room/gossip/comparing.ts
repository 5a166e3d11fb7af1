/** Finds out what one of two neighbours has missed: they compare checksums of parts of their views, then entries. */
import type { Did } from "../../core";
import { ENTRIES_PER_FRAME } from "./constants";
import type { Known, Placed } from "./view";

/** The parts that differ, and this node's entries in them. */
interface Listing {
  readonly parts: number[];
  readonly entries: Known[];
}

/**
 * Answers a neighbour's checksums. If it knows nobody in a part, all of that part is news to it (`news`). Of the other
 * parts it gets a list, as far as one frame holds it; the rest waits for the next comparison.
 */
export function compareSums(
  ours: readonly number[],
  theirs: readonly number[],
  known: readonly Placed[],
): { readonly news: Did[]; readonly listing: Listing } {
  const differ = new Set(ours.flatMap((sum, part) => (sum === theirs[part] ? [] : [part])));
  const inside = new Map<number, Known[]>([...differ].map((part) => [part, []]));
  for (const { did, stamp, part } of known) inside.get(part)?.push({ did, stamp });
  const news: Did[] = [];
  const listing: Listing = { parts: [], entries: [] };
  for (const [part, entries] of inside) {
    if (theirs[part] === 0) news.push(...entries.map(({ did }) => did));
    else if (listing.entries.length + entries.length <= ENTRIES_PER_FRAME) {
      listing.parts.push(part);
      listing.entries.push(...entries);
    }
  }
  return { news, listing };
}

/** Compares a neighbour's list: what to send to it and what to ask for. `dead` says whether an entry's node is gone. */
export function compareListing(
  theirs: Listing,
  known: readonly Placed[],
  dead: (entry: Known) => boolean,
): { readonly news: Did[]; readonly obituaries: Known[]; readonly pull: Did[] } {
  const parts = new Set(theirs.parts);
  const stamps = new Map(theirs.entries.map(({ did, stamp }) => [did, stamp]));
  const own = new Map(known.map(({ did, stamp }) => [did, stamp]));
  const news = known.filter(({ did, stamp, part }) => parts.has(part) && stamp > (stamps.get(did) ?? -1));
  const obituaries = theirs.entries.filter(dead);
  const pull = theirs.entries.filter((entry) => entry.stamp > (own.get(entry.did) ?? -1) && !dead(entry));
  return { news: news.map(({ did }) => did), obituaries, pull: pull.map(({ did }) => did) };
}
