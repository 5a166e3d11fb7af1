/** Recovery phrases: the secret of a house as words of BIP-39, which people can write down and type again. */
import type * as Bip39 from "@scure/bip39";
import { type Bytes, MicrogridError } from "../core";

/** How many words a phrase can have; new ones have 12. */
const LENGTHS: readonly number[] = [12, 15, 18, 21, 24];
/** Far longer than 24 words of 8 letters. */
const MAX_PHRASE_CHARS = 1000;

/** The phrase of a secret: 12 words for 16 bytes, 24 for 32. */
export async function phraseOfSecret(secret: Uint8Array): Promise<string> {
  const { bip39, words } = await library();
  return bip39.entropyToMnemonic(secret, words);
}

/**
 * The secret in a phrase, however it is spaced, numbered and capitalized. Throws `bad-request` with a sentence that
 * says which word is wrong, as far as that can be known.
 */
export async function secretOfPhrase(phrase: string): Promise<Bytes> {
  const { bip39, words } = await library();
  const given = splitPhrase(phrase);
  const unknown = given.findIndex((word) => !words.includes(word));
  const word = given[unknown];
  // A long text is not shown back: it may be a secret of another kind.
  if (word !== undefined) {
    const shown = word.length <= 20 ? ` (“${word}”)` : "";
    throw refuse(
      `Word ${unknown + 1} of the recovery phrase${shown} is not in the list of words${hint(word, words)}. Check its spelling.`,
    );
  }
  if (!LENGTHS.includes(given.length)) {
    throw refuse(
      `A recovery phrase has 12 words (some have 15, 18, 21 or 24), and this one has ${given.length}. Nothing was changed.`,
    );
  }
  try {
    return new Uint8Array(bip39.mnemonicToEntropy(given.join(" "), words));
  } catch (cause) {
    throw refuse(
      "All these words exist, but they do not belong together: one is wrong or two are swapped. Compare them with your note.",
      cause,
    );
  }
}

/** The words of what was typed or pasted: any spaces, commas, line numbers such as “1.” or “2)”, any case. */
function splitPhrase(phrase: string): string[] {
  if (phrase.length > MAX_PHRASE_CHARS) throw refuse("This text is too long to be a recovery phrase.");
  const plain = phrase.normalize("NFKD").toLowerCase();
  return plain.split(/[\s,;]+|\b\d+\s*[.):]?/u).filter((word) => word !== "");
}

/** The word of the list that was probably meant: four letters tell the words of BIP-39 apart. */
function hint(word: string, words: readonly string[]): string {
  if (word.length < 4) return "";
  const meant = words.find((known) => known.slice(0, 4) === word.slice(0, 4));
  return meant === undefined ? "" : `; “${meant}” is`;
}

function refuse(message: string, cause?: unknown): MicrogridError {
  return new MicrogridError("bad-request", message, { cause });
}

/** Loaded on demand, since the words are needed at two moments of a house's life only. */
async function library(): Promise<{ bip39: typeof Bip39; words: string[] }> {
  const [bip39, { wordlist }] = await Promise.all([
    import("@scure/bip39"),
    import("@scure/bip39/wordlists/english.js"),
  ]);
  return { bip39, words: wordlist };
}
