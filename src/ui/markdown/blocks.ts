/** Splits growing Markdown into blocks, so that only the last block has to be parsed again. */
import { Lexer, type TokensList } from "marked";
import { syntax } from "./syntax";

/** Link definitions by label; those of footnotes have labels that begin with `^`. */
export type Links = TokensList["links"];

/** A text that was split. */
interface Split {
  /** The sources of its blocks, such as paragraphs, lists and fenced code. */
  readonly blocks: readonly string[];
  /** The definitions of all blocks; the same object until there is another one. */
  readonly links: Links;
}

/**
 * Splits a growing text into blocks. Call `update` with the whole text so far. Finished blocks are not lexed again, so
 * the cost of a token does not grow with the length of the answer.
 */
export class BlockSplitter {
  #settled: string[] = [];
  #settledText = "";
  #links: Links = {};

  /** `complete` says that no text will follow, so that definitions in the last block count as well. */
  update(text: string, complete: boolean): Split {
    if (!text.startsWith(this.#settledText)) {
      this.#settled = [];
      this.#settledText = "";
      this.#links = {};
    }
    const lexed = split(text.slice(this.#settledText.length));
    // The last block may still grow: an indented line or another list item may join it.
    const open = lexed.at(-1);
    const done = lexed.slice(0, -1);
    if (done.length > 0) {
      this.#settled = [...this.#settled, ...done];
      this.#settledText += done.join("");
    }
    for (const block of complete ? lexed : done) this.#define(block);
    return { blocks: open ? [...this.#settled, open] : this.#settled, links: this.#links };
  }

  #define(source: string): void {
    if (!source.includes("]:")) return;
    const { links } = lex(source);
    // The first definition of a label counts.
    if (Object.keys(links).some((label) => !(label in this.#links))) this.#links = { ...links, ...this.#links };
  }
}

function split(text: string): string[] {
  const lengths: number[] = [];
  for (const token of lex(text)) {
    const last = lengths.length - 1;
    // Blank lines belong to the block before them, so that the sources add up to the whole text.
    if (token.type === "space" && last >= 0) lengths[last] = (lengths[last] ?? 0) + token.raw.length;
    else lengths.push(token.raw.length);
  }
  // If the lexer changed the length (it normalises line ends), keep the text as one block.
  const total = lengths.reduce((sum, length) => sum + length, 0);
  if (total !== text.length) return [text];
  let end = 0;
  return lengths.map((length) => text.slice(end, (end += length)));
}

/** The blocks of a text, without what is inside of paragraphs. */
function lex(text: string): TokensList {
  const lexer = new Lexer(syntax.defaults);
  lexer.blockTokens(text.replaceAll(/\r\n|\r/g, "\n"), lexer.tokens);
  return lexer.tokens;
}
