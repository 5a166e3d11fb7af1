/** The guide's tokenizer with made-up tokens, for vocabularies as large as those of large models. */
import { uniformAt } from "../src/inference/sampling";
import { guideFile } from "../src/inference/testing/node";

const SEED = 1;
const SYLLABLES = [
  "an",
  "er",
  "in",
  "re",
  "st",
  "on",
  "al",
  "te",
  "co",
  "de",
  "ing",
  "ed",
  "tion",
  "ver",
  "ly",
  "o",
  "a",
  "i",
];
const SIGNS = ['"', "'", ",", ".", ":", ";", "{", "}", "[", "]", "(", ")", "\\", "/", "\n", "\t", "-", "_", "=", " "];
const CYRILLIC = Array.from("абвгдежзийклмнопрстуфхцчшщыэюя");
const HAN = Array.from({ length: 3000 }, (_, at) => String.fromCodePoint(0x4e00 + at));
/** Shares as in Qwen's vocabulary, about: half of it is not English. */
const KINDS = [
  { share: 0.5, pieces: SYLLABLES, longest: 5, spaced: true },
  { share: 0.1, pieces: SIGNS, longest: 4, spaced: false },
  { share: 0.15, pieces: CYRILLIC, longest: 6, spaced: true },
  { share: 0.25, pieces: HAN, longest: 3, spaced: false },
];

/** `tokenizer.json` with `size` tokens in all. The same size gives the same tokens. */
export function syntheticTokenizer(size: number): string {
  const file = JSON.parse(guideFile("tokenizer.json")) as { model: { vocab: Record<string, number> } };
  const vocab = { ...file.model.vocab };
  let count = Object.keys(vocab).length;
  for (let draw = 0; count < size; draw++) {
    const token = byteLevel(madeUp(draw));
    if (!Object.hasOwn(vocab, token)) vocab[token] = count++;
  }
  return JSON.stringify({ ...file, model: { ...file.model, vocab } });
}

function madeUp(draw: number): string {
  let used = 0;
  const random = (): number => uniformAt(SEED, draw * 16 + used++);
  let left = random();
  const kind = KINDS.find(({ share }) => (left -= share) < 0) ?? KINDS[0]!;
  const length = 1 + Math.floor(random() * kind.longest);
  const pieces = Array.from({ length }, () => kind.pieces[Math.floor(random() * kind.pieces.length)]!);
  return (kind.spaced && random() < 0.5 ? " " : "") + pieces.join("");
}

/** A text in the alphabet of byte-level tokenizers: printable bytes stand for themselves, the others come from U+0100 on. */
function byteLevel(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => ALPHABET[byte]!).join("");
}

const ALPHABET: readonly string[] = (() => {
  let others = 0;
  return Array.from({ length: 256 }, (_, byte) => {
    const isPrintable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
    return String.fromCharCode(isPrintable ? byte : 256 + others++);
  });
})();
