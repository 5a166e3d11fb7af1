/** Whether somebody has really written down a recovery phrase: two of its words are asked for. */

/** How many words are asked for. */
const ASKED = 2;

/** The words of a phrase, however they were typed or pasted. */
export function wordsOf(phrase: string): string[] {
  return phrase
    .normalize("NFKD")
    .toLowerCase()
    .split(/[\s,.;]+|\d+[.)]?/u)
    .filter(Boolean);
}

/** Places of words to ask for, counted from 0, in order; `random` gives numbers from 0 up to 1. */
export function placesToAsk(words: number, random: () => number = Math.random): readonly number[] {
  const places = new Set<number>();
  while (places.size < Math.min(ASKED, words)) places.add(Math.floor(random() * words));
  return [...places].sort((a, b) => a - b);
}

/** The places of `asked` at which what was typed is not the word of the phrase. */
export function wrongPlaces(words: readonly string[], asked: readonly number[], typed: readonly string[]): number[] {
  return asked.filter((place, index) => wordsOf(typed[index] ?? "").join(" ") !== words[place]);
}
