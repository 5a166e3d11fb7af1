/** An answer as HTML, block by block, while it is still being written. */
import { Lexer } from "marked";
import { type Block, BlockSplitter, type Links } from "./blocks";
import { escapeHtml } from "./escape";
import { MAX_ELEMENTS } from "./limits";
import { isWeb, syntax } from "./syntax";
import { colouring } from "./wanted";

interface RenderedBlock extends Block {
  /** The definitions that it was rendered with; undefined if nothing in it could refer to one. */
  readonly links: Links | undefined;
  readonly html: string;
  /** How many elements the HTML makes, about. */
  readonly elements: number;
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
    const rendered: RenderedBlock[] = [];
    let elements = 0;
    for (const [index, block] of blocks.entries()) {
      const { source, raw } = block;
      const needed = source.includes("[") ? links : undefined;
      const before = this.#rendered[index];
      const same = before?.source === source && before.raw === raw && before.links === needed;
      const next = same && before.colours === colouring.loaded ? before : render(block, needed);
      elements += next.elements;
      if (elements > MAX_ELEMENTS) {
        const rest = blocks.slice(index).map((each) => each.source);
        rendered.push(shownRaw(rest.join("")));
        break;
      }
      rendered.push(next);
    }
    this.#rendered = rendered;
    const growing = complete ? undefined : this.#rendered.at(-1);
    const used = new Set(this.#rendered.flatMap(({ targets }) => targets));
    return this.#rendered.map((block) => {
      const { defines, html } = block;
      return defines !== undefined && (used.has(defines) || block === growing) ? "" : html;
    });
  }
}

function render(block: Block, links: Links | undefined): RenderedBlock {
  if (block.raw) return shownRaw(block.source, links);
  try {
    return parsed(block.source, links);
  } catch {
    // The parser calls itself for whatever is inside of something, and may run out of stack.
    return { ...shownRaw(block.source, links), raw: false };
  }
}

function parsed(source: string, links: Links | undefined): RenderedBlock {
  const lexer = new Lexer(syntax.defaults);
  Object.assign(lexer.tokens.links, links);
  const tokens = lexer.lex(source);
  const targets: string[] = [];
  let drawn = 0;
  void syntax.walkTokens(tokens, (token) => {
    const href = token.type === "link" || token.type === "image" ? String(token.href) : "";
    if (isWeb(href)) targets.push(href);
    // Each character of a formula may become an element.
    if (token.type.startsWith("math")) drawn += token.raw.length;
  });
  const [first, ...more] = tokens.filter(({ type }) => type !== "space");
  const defines = first?.type === "def" && more.length === 0 ? String(first.href) : undefined;
  const html = syntax.parser(tokens);
  const elements = html.split("<").length + drawn;
  return { source, raw: false, links, colours: colouring.loaded, html, elements, targets, defines };
}

/** A block as it is written. */
function shownRaw(source: string, links?: Links): RenderedBlock {
  const html = `<p class="raw">${escapeHtml(source.trim())}</p>`;
  return { source, raw: true, links, colours: colouring.loaded, html, elements: 2, targets: [], defines: undefined };
}
