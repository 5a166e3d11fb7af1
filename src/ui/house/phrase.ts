/** Asks for two words of a recovery phrase, to check that the user has written it down. */

/** How many words to ask for. */
const ASKED = 2;

/** The words of a phrase, however it was typed or pasted. */
export function wordsOf(phrase: string): string[] {
  return phrase
    .normalize("NFKD")
    .toLowerCase()
    .split(/[\s,.;]+|\d+[.)]?/u)
    .filter(Boolean);
}

/** Picks the positions of the words to ask for, from 0 and in order; `random` returns numbers in [0, 1). */
export function placesToAsk(words: number, random: () => number = Math.random): readonly number[] {
  const places = new Set<number>();
  while (places.size < Math.min(ASKED, words)) places.add(Math.floor(random() * words));
  return [...places].sort((a, b) => a - b);
}

/** The positions in `asked` whose typed word differs from the phrase. */
export function wrongPlaces(words: readonly string[], asked: readonly number[], typed: readonly string[]): number[] {
  return asked.filter((place, index) => wordsOf(typed[index] ?? "").join(" ") !== words[place]);
}
