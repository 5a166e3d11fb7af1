/** The Markdown that answers are written in, and its HTML. */
import cjkFriendly from "marked-cjk-friendly";
import { Marked, type MarkedExtension, type Tokens } from "marked";
import { escapeHtml } from "./escape";
import { footnotes } from "./footnotes";
import { math } from "./math";
import { BARE_TAGS } from "./tags";
import { colouring } from "./wanted";

const BARE_TAG = new RegExp(`&lt;(/?(?:${BARE_TAGS.join("|")}))\\s*/?&gt;`, "gi");

const rendering: MarkedExtension = {
  renderer: {
    code({ raw, text, lang }: Tokens.Code): string {
      const info = (lang ?? "").trim();
      const language = info.split(/\s+/, 1)[0]?.slice(0, 30) ?? "";
      const name = escapeHtml(language);
      return (
        `<div class="code"><div class="code-head"><span>${escapeHtml(info) || "text"}</span>` +
        `<button type="button" data-copy aria-label="Copy code">Copy</button></div>` +
        `<pre tabindex="0" role="group" aria-label="Code${name && `: ${name}`}">` +
        `<code>${codeHtml(text, language, isClosed(raw))}</code></pre></div>`
      );
    },
    // Show other HTML as text, so that no attribute ever reaches an HTML parser.
    html({ text }: Tokens.HTML | Tokens.Tag): string {
      return text.replaceAll("<", "&lt;").replaceAll(">", "&gt;").replace(BARE_TAG, "<$1>");
    },
    // Fetching a remote image would tell its host who reads this, so show a link instead.
    image({ href, text }: Tokens.Image): string {
      const name = escapeHtml(text || "image");
      return isWeb(href) ? `<a href="${escapeHtml(href)}">${name}</a>` : name;
    },
    link({ href, title, tokens }: Tokens.Link): string {
      const inner = this.parser.parseInline(tokens);
      return isWeb(href)
        ? `<a href="${escapeHtml(href)}"${title ? ` title="${escapeHtml(title)}"` : ""}>${inner}</a>`
        : inner;
    },
    // Reached by definitions inside of lists and quotes, and by those that no link uses: their text must not vanish.
    def({ raw, href }: Tokens.Def): string {
      const source = raw.trim();
      const address = escapeHtml(href);
      // An address with escapes is not written as it reads, so its definition stays text.
      const at = isWeb(href) ? source.indexOf(href) : -1;
      if (at < 0) return `<p>${escapeHtml(source)}</p>`;
      const after = source.slice(at + href.length);
      return `<p>${escapeHtml(source.slice(0, at))}<a href="${address}">${address}</a>${escapeHtml(after)}</p>`;
    },
    checkbox({ checked }: Tokens.Checkbox): string {
      return `<span class="check">${checked ? "☑" : "☐"}</span> `;
    },
    table(token: Tokens.Table): string {
      const cell = (tag: "th" | "td", { tokens, align }: Tokens.TableCell): string =>
        `<${tag}${align ? ` align="${align}"` : ""}>${this.parser.parseInline(tokens)}</${tag}>`;
      const head = token.header.map((header) => cell("th", header)).join("");
      const rows = token.rows.map((row) => `<tr>${row.map((data) => cell("td", data)).join("")}</tr>`).join("");
      return (
        `<div class="table" tabindex="0" role="group" aria-label="Table">` +
        `<table><thead><tr>${head}</tr></thead><tbody>${rows}</tbody></table></div>`
      );
    },
  },
};

/** Parses and renders. The HTML is not safe yet: `toSafeFragment` makes it so. */
export const syntax = new Marked({ gfm: true, breaks: false }, cjk(), footnotes, math, rendering);

/** Code with colours. The line that still grows gets them when it is complete, so a token costs little. */
function codeHtml(code: string, language: string, closed: boolean): string {
  const colours = language === "" ? undefined : colouring.want();
  if (!colours) return escapeHtml(code);
  const end = closed ? code.length : code.lastIndexOf("\n") + 1;
  return colours.colour(code.slice(0, end), language) + escapeHtml(code.slice(end));
}

/** True unless this is fenced code without its last fence. */
function isClosed(raw: string): boolean {
  return !/^ {0,3}(?:`{3}|~{3})/.test(raw) || /\n {0,3}(?:`{3,}|~{3,})\s*$/.test(raw);
}

/** Emphasis beside the punctuation of scripts that do without spaces. Other texts keep marked's own rules. */
function cjk(): MarkedExtension {
  const { emStrong, del } = cjkFriendly().tokenizer ?? {};
  const without = /^[\0-\u10ff\u1200-\u2e7f\ufe00-\ufe0f]*$/;
  return {
    tokenizer: {
      emStrong(source, masked, before) {
        return without.test(masked) || !emStrong ? false : emStrong.call(this, source, masked, before);
      },
      del(source, masked, before) {
        return without.test(masked) || !del ? false : del.call(this, source, masked, before);
      },
    },
  };
}

/** True for addresses that a link may lead to. */
export function isWeb(href: string): boolean {
  return /^(?:https?:|mailto:)/i.test(href.trim());
}
