/** Lists of merges, by which `tokenizer.json` says how tokens are put together. */
import { notGguf } from "./errors";
import type { GgufMetadata } from "./header";
import { numberList, textList, TOKEN, type GgufVocabulary } from "./vocabulary";

/** Two tokens that are joined. */
type Merge = readonly [string, string];

/** The most merges: four times as many as the largest vocabularies have. */
const MAX_MERGES = 2 ** 21;
/**
 * Characters that may be looked at to find the pairs of all tokens, each as often as it is part of a pair. A vocabulary of
 * 262,000 tokens takes 20 million.
 */
const MAX_WORK = 2 ** 28;

/** The merges that the file lists. Throws `not-a-model` if it has none, or broken ones. */
export function listedMerges(metadata: GgufMetadata): readonly Merge[] {
  const merges = textList(metadata, "merges");
  if (!merges) throw notGguf("its tokenizer has no merges");
  if (merges.length > MAX_MERGES) throw notGguf(`its tokenizer has more than ${MAX_MERGES} merges`);
  return merges.map((merge) => {
    // A token may be a space itself.
    const space = merge.indexOf(" ", 1);
    if (space < 0) throw notGguf("a merge of its tokenizer has only one part");
    return [merge.slice(0, space), merge.slice(space + 1)];
  });
}

/**
 * SentencePiece joins the neighbours whose joined text is the token with the highest score; a list of merges says the same.
 * All pairs that make up one token stand together.
 */
export function scoredMerges(metadata: GgufMetadata, { tokens, ids, kinds }: GgufVocabulary): readonly Merge[] {
  const scores = numberList(metadata, "scores", tokens.length);
  if (!scores) throw notGguf("its tokenizer has no scores");
  const normal = [...tokens.keys()].filter((id) => kinds[id] === TOKEN.normal);
  const work = normal.reduce((sum, id) => sum + tokens[id]!.length ** 2, 0);
  if (work > MAX_WORK) throw notGguf("its tokens are longer than those of any model");
  const best = normal.sort((one, other) => scores[other]! - scores[one]! || one - other);
  const merges: Merge[] = [];
  for (const id of best) {
    const token = tokens[id]!;
    for (let cut = 1; cut < token.length; cut++) {
      const [left, right] = [token.slice(0, cut), token.slice(cut)];
      if (!isInsideCharacter(token, cut) && ids.has(left) && ids.has(right)) merges.push([left, right]);
    }
  }
  return merges;
}

/** True between the two halves of a character beyond U+FFFF. */
function isInsideCharacter(text: string, at: number): boolean {
  return (text.charCodeAt(at) & 0xfc00) === 0xdc00;
}
