/** Recovery phrases: the secret of a house as BIP-39 words, which people can write down and type again. */
import type * as Bip39 from "@scure/bip39";
import { type Bytes, MicrogridError } from "../core";

/** The numbers of words that a phrase can have; new ones have 12. */
const LENGTHS: readonly number[] = [12, 15, 18, 21, 24];
/** Far longer than 24 words of 8 letters. */
const MAX_PHRASE_CHARS = 1000;

/** The phrase of a secret: 12 words for 16 bytes, 24 for 32. */
export async function phraseOfSecret(secret: Uint8Array): Promise<string> {
  const { bip39, words } = await library();
  return bip39.entropyToMnemonic(secret, words);
}

/**
 * Reads the secret from a phrase, regardless of its spacing, numbering and capitalization. Throws `bad-request` with a message
 * that says which word is wrong, if that can be known.
 */
export async function secretOfPhrase(phrase: string): Promise<Bytes> {
  const { bip39, words } = await library();
  const given = splitPhrase(phrase);
  const unknown = given.findIndex((word) => !words.includes(word));
  const word = given[unknown];
  // A long word is not repeated in the message: it may be a secret of another kind.
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

/** Splits typed or pasted text into words. Accepts spaces, commas, line numbers such as “1.” or “2)”, and any case. */
function splitPhrase(phrase: string): string[] {
  if (phrase.length > MAX_PHRASE_CHARS) throw refuse("This text is too long to be a recovery phrase.");
  const plain = phrase.normalize("NFKD").toLowerCase();
  return plain.split(/[\s,;]+|\b\d+\s*[.):]?/u).filter((word) => word !== "");
}

/** Suggests the intended word: the first four letters of a BIP-39 word identify it. */
function hint(word: string, words: readonly string[]): string {
  if (word.length < 4) return "";
  const meant = words.find((known) => known.slice(0, 4) === word.slice(0, 4));
  return meant === undefined ? "" : `; “${meant}” is`;
}

function refuse(message: string, cause?: unknown): MicrogridError {
  return new MicrogridError("bad-request", message, { cause });
}

/** Loaded on demand, because the words are needed only when a house is made or restored. */
async function library(): Promise<{ bip39: typeof Bip39; words: string[] }> {
  const [bip39, { wordlist }] = await Promise.all([
    import("@scure/bip39"),
    import("@scure/bip39/wordlists/english.js"),
  ]);
  return { bip39, words: wordlist };
}
