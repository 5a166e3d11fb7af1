/** An answer as HTML, block by block, while it is still being written. */
import { Lexer } from "marked";
import { BlockSplitter, type Links } from "./blocks";
import { isWeb, syntax } from "./syntax";
import { colouring } from "./wanted";

interface RenderedBlock {
  readonly source: string;
  /** The definitions that it was rendered with; undefined if nothing in it could refer to one. */
  readonly links: Links | undefined;
  readonly html: string;
  /** The colours that it was rendered with; undefined while they are not loaded. */
  readonly colours: typeof colouring.loaded;
  /** The addresses that its links lead to. */
  readonly targets: readonly string[];
  /** The address that it defines, if it is nothing but a definition. */
  readonly defines: string | undefined;
}

/** Renders a growing text. A block that is complete is rendered again only if a definition arrives that it may use. */
export class LiveDocument {
  readonly #splitter = new BlockSplitter();
  #rendered: readonly RenderedBlock[] = [];

  /**
   * The HTML of each block, not safe yet. It is empty for a definition that some link uses; others are shown, so that no
   * text vanishes. `complete` says that no text will follow.
   */
  update(text: string, complete: boolean): readonly string[] {
    const { blocks, links } = this.#splitter.update(text, complete);
    this.#rendered = blocks.map((source, index) => {
      const before = this.#rendered[index];
      const needed = source.includes("[") ? links : undefined;
      const same = before?.source === source && before.links === needed && before.colours === colouring.loaded;
      return same ? before : render(source, needed);
    });
    const growing = complete ? undefined : this.#rendered.at(-1);
    const used = new Set(this.#rendered.flatMap(({ targets }) => targets));
    return this.#rendered.map((block) => {
      const { defines, html } = block;
      return defines !== undefined && (used.has(defines) || block === growing) ? "" : html;
    });
  }
}

function render(source: string, links: Links | undefined): RenderedBlock {
  const lexer = new Lexer(syntax.defaults);
  Object.assign(lexer.tokens.links, links);
  const tokens = lexer.lex(source);
  const targets: string[] = [];
  void syntax.walkTokens(tokens, (token) => {
    const href = token.type === "link" || token.type === "image" ? String(token.href) : "";
    if (isWeb(href)) targets.push(href);
  });
  const [first, ...more] = tokens.filter(({ type }) => type !== "space");
  const defines = first?.type === "def" && more.length === 0 ? String(first.href) : undefined;
  const html = syntax.parser(tokens);
  return { source, links, colours: colouring.loaded, html, targets, defines };
}
