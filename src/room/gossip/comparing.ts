/** How two neighbours find out what one of them has missed: checksums of parts of their views, then what differs. */
import type { Did } from "../../core";
import { ENTRIES_PER_FRAME } from "./constants";
import { type Known, partOf } from "./view";

/** The parts that differ, and what is in them here. */
export interface Listing {
  readonly parts: number[];
  readonly entries: Known[];
}

/**
 * Answers a neighbour's checksums. Where it knows nobody in a part, all of that part is news to it (`news`); of the
 * others it gets a list, as far as one frame holds; the rest is for the next time.
 */
export function compareSums(
  ours: readonly number[],
  theirs: readonly number[],
  known: readonly Known[],
): { readonly news: Did[]; readonly listing: Listing } {
  const differ = new Set(ours.flatMap((sum, part) => (sum === theirs[part] ? [] : [part])));
  const inside = new Map<number, Known[]>([...differ].map((part) => [part, []]));
  for (const { did, stamp } of known) inside.get(partOf(did))?.push({ did, stamp });
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

/** What to send to, and to ask of, a neighbour that has sent a list. `dead` gives whether a card of that stamp is. */
export function compareListing(
  theirs: Listing,
  known: readonly Known[],
  dead: (entry: Known) => boolean,
): { readonly news: Did[]; readonly obituaries: Known[]; readonly pull: Did[] } {
  const parts = new Set(theirs.parts);
  const stamps = new Map(theirs.entries.map(({ did, stamp }) => [did, stamp]));
  const own = new Map(known.map(({ did, stamp }) => [did, stamp]));
  const news = known.filter(({ did, stamp }) => parts.has(partOf(did)) && stamp > (stamps.get(did) ?? -1));
  const obituaries = theirs.entries.filter(dead);
  const pull = theirs.entries.filter((entry) => entry.stamp > (own.get(entry.did) ?? -1) && !dead(entry));
  return { news: news.map(({ did }) => did), obituaries, pull: pull.map(({ did }) => did) };
}
