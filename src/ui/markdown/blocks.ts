/** Splits growing Markdown into blocks, so that only the last block has to be parsed again. */
import { Lexer, type TokensList } from "marked";
import { partsOf } from "./limits";
import { syntax } from "./syntax";

/** Link definitions by label; those of footnotes have labels that begin with `^`. */
export type Links = TokensList["links"];

/** A paragraph, a list, fenced code or another block. */
export interface Block {
  readonly source: string;
  /** True if it is shown as it is written, since reading it might take too long. */
  readonly raw: boolean;
}

/** A text that was split. */
interface Split {
  readonly blocks: readonly Block[];
  /** The definitions of all blocks; the same object until there is another one. */
  readonly links: Links;
}

/**
 * Splits a growing text into blocks. Call `update` with the whole text so far. Finished blocks are not lexed again, so
 * the cost of a token does not grow with the length of the answer.
 */
export class BlockSplitter {
  #settled: Block[] = [];
  #settledText = "";
  #links: Links = {};

  /** `complete` says that no text will follow, so that definitions in the last block count as well. */
  update(text: string, complete: boolean): Split {
    if (!text.startsWith(this.#settledText)) {
      this.#settled = [];
      this.#settledText = "";
      this.#links = {};
    }
    const lexed = partsOf(text.slice(this.#settledText.length)).flatMap(({ source, readable }) =>
      readable ? split(source) : [{ source, raw: true, mayGoOn: false }],
    );
    // The last block may still grow: an indented line or another list item may join it.
    let settled = Math.max(0, lexed.length - 1);
    while (settled > 0 && lexed[settled - 1]?.mayGoOn) settled--;
    const done = lexed.slice(0, settled);
    if (done.length > 0) {
      this.#settled.push(...done);
      this.#settledText += done.map(({ source }) => source).join("");
    }
    this.#define(complete ? lexed : done);
    return { blocks: [...this.#settled, ...lexed.slice(settled)], links: this.#links };
  }

  #define(blocks: readonly Block[]): void {
    const found = blocks
      .filter(({ source, raw }) => !raw && source.includes("]:"))
      .flatMap(({ source }) => Object.entries(lex(source).links));
    // The first definition of a label counts.
    const added = Object.fromEntries(found.filter(([label]) => !(label in this.#links)).reverse());
    if (Object.keys(added).length > 0) this.#links = { ...this.#links, ...added };
  }
}

interface LexedBlock extends Block {
  /** True if the next line may turn out to be its own: a line of `#` alone is a heading, and of `#tag` it is not. */
  readonly mayGoOn: boolean;
}

/** Blocks whose last line may be followed by another one without any mark. */
const OPEN_TYPES = ["paragraph", "blockquote", "list", "table"];
const BLANK_LINE = /\n[ \t]*\n$/;

function split(text: string): LexedBlock[] {
  const blocks: { type: string; length: number }[] = [];
  let tokens: TokensList;
  try {
    tokens = lex(text);
  } catch {
    // The parser calls itself for whatever is inside of something, and may run out of stack.
    return [{ source: text, raw: true, mayGoOn: true }];
  }
  for (const { type, raw } of tokens) {
    const last = blocks.at(-1);
    // Blank lines belong to the block before them, so that the sources add up to the whole text.
    if (type === "space" && last) last.length += raw.length;
    else blocks.push({ type, length: raw.length });
  }
  // If the lexer changed the length (it normalises line ends), keep the text as one block.
  const total = blocks.reduce((sum, { length }) => sum + length, 0);
  if (total !== text.length) return [{ source: text, raw: false, mayGoOn: true }];
  let end = 0;
  return blocks.map(({ type, length }) => {
    const source = text.slice(end, (end += length));
    return { source, raw: false, mayGoOn: OPEN_TYPES.includes(type) && !BLANK_LINE.test(source) };
  });
}

/** The blocks of a text, without what is inside of paragraphs. */
function lex(text: string): TokensList {
  const lexer = new Lexer(syntax.defaults);
  lexer.blockTokens(text.replaceAll(/\r\n|\r/g, "\n"), lexer.tokens);
  return lexer.tokens;
}
