/** Math between `\( \)`, `\[ \]`, `$ $` and `$$ $$`, as a marked extension. Its HTML is the source until it is typeset. */
import type { MarkedExtension, TokenizerAndRendererExtension, Tokens } from "marked";
import { escapeHtml } from "./escape";

/** Display math on lines of its own. TeX allows no blank line in it, so one ends math that was never closed. */
const BLOCK = /^ {0,3}(?:\$\$((?:(?!\$\$|\n[ \t]*\n)[^])+)\$\$|\\\[((?:(?!\\\]|\n[ \t]*\n)[^])+)\\\])[ \t]*(?:\n|$)/;
/** Display math at the end of a text that still grows, so that no other Markdown is seen in it meanwhile. */
const OPEN_BLOCK = /^ {0,3}(?:\$\$|\\\[)(?:(?!\$\$|\\\]|\n[ \t]*\n)[^])*$/;
const BLOCK_START = /\n {0,3}(?:\$\$|\\\[)/;

const INLINE_DISPLAY = /^(?:\$\$((?:(?!\$\$|\n[ \t]*\n)[^])+)\$\$|\\\[((?:(?!\\\]|\n[ \t]*\n)[^])+)\\\](?!\())/;
const INLINE_BRACKETS = /^\\\(((?:(?!\\\)|\n[ \t]*\n)[^])+)\\\)/;
/** No space inside of the dollar signs, no letter or digit after the last one. */
const INLINE_DOLLARS = /^\$((?![\s$])(?:\\[^]|(?!\n[ \t]*\n)[^\\$])*?(?<!\s))\$(?![A-Za-z0-9$])/;
/** A number and then a word: an amount of money and a text up to the next one. */
const PRICE = /^\d[\d.,]*.*(?<![\\A-Za-z])[A-Za-z]{3}/s;
/** A character that cannot come before a dollar sign that opens math, as in US$5. */
const BEFORE = /[A-Za-z0-9$]/;

const block: TokenizerAndRendererExtension = {
  name: "mathBlock",
  level: "block",
  start: (source) => {
    const found = BLOCK_START.exec(source);
    return found ? found.index + 1 : undefined;
  },
  tokenizer(source): Tokens.Generic | undefined {
    const [raw, dollars, brackets] = BLOCK.exec(source) ?? [];
    if (raw !== undefined) return { type: "mathBlock", raw, tex: dollars ?? brackets };
    const [open] = OPEN_BLOCK.exec(source) ?? [];
    return open === undefined ? undefined : { type: "mathBlock", raw: open };
  },
  renderer: ({ raw, tex }) =>
    `<p>${mathHtml(raw.trim(), tex === undefined ? undefined : String(tex), "display")}</p>\n`,
};

const inline: TokenizerAndRendererExtension = {
  name: "math",
  level: "inline",
  start: (source) => {
    const index = source.indexOf("$");
    return index < 0 ? undefined : index;
  },
  tokenizer(source, tokens): Tokens.Generic | undefined {
    const found = find(source, tokens.at(-1)?.raw.slice(-1) ?? "");
    return found && { type: "math", ...found };
  },
  renderer: ({ raw, tex, look }) => mathHtml(raw, String(tex), String(look)),
};

export const math: MarkedExtension = { extensions: [block, inline], hooks: { emStrongMask: mask } };

/** The math that a text begins with, and the character before it. */
function find(source: string, before: string): { raw: string; tex: string; look: string } | undefined {
  const [display, ...inside] = INLINE_DISPLAY.exec(source) ?? [];
  if (display !== undefined)
    return { raw: display, tex: inside.find((each) => each !== undefined) ?? "", look: "display" };
  const [bracketed, bracketedTex] = INLINE_BRACKETS.exec(source) ?? [];
  if (bracketed !== undefined) return { raw: bracketed, tex: bracketedTex ?? "", look: "inline" };
  const [raw, tex = ""] = BEFORE.test(before) ? [] : (INLINE_DOLLARS.exec(source) ?? []);
  const isPrice = PRICE.test(tex.replace(/\\[a-z]+\{[^}]*\}/gi, ""));
  return raw === undefined || isPrice ? undefined : { raw, tex, look: "inline" };
}

/** Stars and underscores inside of math emphasise nothing. */
function mask(source: string): string {
  let masked = "";
  while (masked.length < source.length) {
    const rest = source.slice(masked.length);
    const math = /^[$\\]/.test(rest) ? find(rest, source.charAt(masked.length - 1)) : undefined;
    masked += math ? "a".repeat(math.raw.length) : rest.slice(0, Math.max(1, rest.search(/[$\\]/)));
  }
  return masked;
}

function mathHtml(raw: string, tex: string | undefined, look: string): string {
  const scrolls = look === "display" ? ' tabindex="0" role="group" aria-label="Formula"' : "";
  const source = tex === undefined ? "" : ` data-tex="${escapeHtml(tex.trim())}" data-look="${look}"${scrolls}`;
  return `<span class="math"${source}>${escapeHtml(raw)}</span>`;
}
