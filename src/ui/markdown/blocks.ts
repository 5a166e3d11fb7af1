/** Splits growing Markdown into blocks, so that only the last block has to be parsed again. */
import { Lexer } from "marked";

/** The Markdown source of one block, such as a paragraph, a list or a fenced code block. */
interface Block {
  readonly source: string;
}

/**
 * Splits a growing text into blocks. Call `update` with the whole text so far. Finished blocks are not lexed again, so
 * the cost of a token does not grow with the length of the answer.
 */
export class BlockSplitter {
  #settled: Block[] = [];
  #settledText = "";

  update(text: string): readonly Block[] {
    if (!text.startsWith(this.#settledText)) {
      this.#settled = [];
      this.#settledText = "";
    }
    const blocks = lex(text.slice(this.#settledText.length));
    // The last block may still grow: an indented line or another list item may join it.
    const open = blocks.at(-1);
    const done = blocks.slice(0, -1);
    if (done.length > 0) {
      this.#settled = [...this.#settled, ...done];
      this.#settledText += done.map((block) => block.source).join("");
    }
    return open ? [...this.#settled, open] : this.#settled;
  }
}

function lex(text: string): Block[] {
  const lengths: number[] = [];
  for (const token of Lexer.lex(text, { gfm: true })) {
    const last = lengths.length - 1;
    // Blank lines belong to the block before them, so that the sources add up to the whole text.
    if (token.type === "space" && last >= 0) lengths[last] = (lengths[last] ?? 0) + token.raw.length;
    else lengths.push(token.raw.length);
  }
  // If the lexer changed the length (it normalises line ends), keep the text as one block.
  const total = lengths.reduce((sum, length) => sum + length, 0);
  if (total !== text.length) return text === "" ? [] : [{ source: text }];
  let end = 0;
  return lengths.map((length) => ({ source: text.slice(end, (end += length)) }));
}
