/** Renders Markdown as safe HTML: no scripts, no styles, and nothing that the browser would fetch. */
import DOMPurify from "dompurify";
import { Marked, type Tokens } from "marked";

const ALLOWED_TAGS = [
  ..."a abbr b blockquote br button code del details div em h1 h2 h3 h4 h5 h6 hr i ins kbd li mark ol p pre s".split(
    " ",
  ),
  ..."small span strong sub summary sup table tbody td th thead tr u ul".split(" "),
];
const ALLOWED_ATTR = [
  "href",
  "title",
  "target",
  "rel",
  "class",
  "type",
  "start",
  "align",
  "colspan",
  "rowspan",
  "data-copy",
  "aria-label",
];

/** HTML tags that a model may use, without attributes. `a` and `button` are only made by this renderer. */
const BARE_TAG = new RegExp(
  `&lt;(/?(?:${ALLOWED_TAGS.filter((tag) => !/^(a|button)$/.test(tag)).join("|")}))\\s*/?&gt;`,
  "gi",
);

const marked = new Marked({
  gfm: true,
  breaks: false,
  renderer: {
    code({ text, lang }: Tokens.Code): string {
      const language = escapeHtml((lang ?? "").trim().split(/\s+/)[0]?.slice(0, 30) ?? "");
      return (
        `<div class="code"><div class="code-head"><span>${language || "text"}</span>` +
        `<button type="button" data-copy aria-label="Copy code">Copy</button></div>` +
        `<pre><code>${escapeHtml(text)}</code></pre></div>`
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
    checkbox({ checked }: Tokens.Checkbox): string {
      return `<span class="check">${checked ? "☑" : "☐"}</span> `;
    },
    table(token: Tokens.Table): string {
      const cell = (tag: "th" | "td", { tokens, align }: Tokens.TableCell): string =>
        `<${tag}${align ? ` align="${align}"` : ""}>${this.parser.parseInline(tokens)}</${tag}>`;
      const head = token.header.map((header) => cell("th", header)).join("");
      const rows = token.rows.map((row) => `<tr>${row.map((data) => cell("td", data)).join("")}</tr>`).join("");
      return `<div class="table"><table><thead><tr>${head}</tr></thead><tbody>${rows}</tbody></table></div>`;
    },
  },
});

const purifier = DOMPurify();
purifier.addHook("afterSanitizeAttributes", (node) => {
  if (node.tagName === "A" && node.hasAttribute("href")) {
    node.setAttribute("target", "_blank");
    node.setAttribute("rel", "noopener noreferrer nofollow");
  }
  // Keep only our own copy buttons; a button written by a model would do nothing or mislead.
  if (node.tagName === "BUTTON" && !node.hasAttribute("data-copy")) node.replaceWith(...node.childNodes);
});

/** Renders a block or a whole text. The result is safe to insert into the page. */
export function renderMarkdown(source: string): string {
  const rendered = marked.parse(source, { async: false });
  return purifier.sanitize(rendered, {
    ALLOWED_TAGS,
    ALLOWED_ATTR,
    ALLOW_DATA_ATTR: false,
    ALLOWED_URI_REGEXP: /^(?:https?:|mailto:)/i,
  });
}

function isWeb(href: string): boolean {
  return /^(?:https?:|mailto:)/i.test(href.trim());
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
