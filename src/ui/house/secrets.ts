/** Checks the secrets of a house: recovery phrases that the user has written down, and passphrases of files. */
import { MIN_PASSPHRASE_CHARS } from "../../grid";

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

/** Says what is wrong with a new passphrase that was typed twice; empty if nothing is. */
export function passphraseProblem(first: string, second: string): string {
  if (first.length < MIN_PASSPHRASE_CHARS)
    return `Use at least ${MIN_PASSPHRASE_CHARS} characters, for example several unrelated words.`;
  if (new Set(first).size < 5) return "This passphrase only repeats a few characters. Use several words instead.";
  return first === second ? "" : "The two passphrases do not match. Enter both again.";
}
