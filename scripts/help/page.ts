/** Makes a page of the site's help from a Markdown document. */
import { basename } from "node:path";
import { Marked } from "marked";
import { META_POLICY } from "../serve/csp.mjs";

/**
 * The name and the HTML of the page for the document at `path`, which is relative to the repository. Links to other
 * documents lead to their pages.
 */
export function helpPage(path: string, markdown: string): [name: string, html: string] {
  const name = basename(path, ".md");
  const title = /^# (.+)$/m.exec(markdown)?.[1] ?? name;
  const body = renderer().parse(markdown, { async: false });
  return [
    pageName(path),
    `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy" content="${META_POLICY}" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <meta name="referrer" content="no-referrer" />
    <title>${escapeText(title)} · Microgrid</title>
    <link rel="icon" href="../icons/icon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="./help.css" />
    <script src="../theme.js"></script>
  </head>
  <body>
    <header><a href="../">Microgrid</a></header>
    <main>
${body}
    </main>
  </body>
</html>
`,
  ];
}

/** `docs/rooms.md` becomes `rooms.html`. */
function pageName(path: string): string {
  return `${basename(path, ".md").toLowerCase()}.html`;
}

/**
 * Links between documents become links between pages, and what the site carries beside them keeps its place there.
 * Undefined for files that are in the repository only.
 */
function siteLink(href: string): string | undefined {
  if (href.startsWith("../public/")) return href.replace("../public/", "../");
  if (href.startsWith("../")) return undefined;
  const [, path, anchor = ""] = /^(?!\w+:)([\w./-]+\.md)(#.*)?$/.exec(href) ?? [];
  return path === undefined ? href : `./${pageName(path)}${anchor}`;
}

function renderer(): Marked {
  return new Marked({
    gfm: true,
    renderer: {
      link({ href, tokens }) {
        const target = siteLink(href);
        const inner = this.parser.parseInline(tokens);
        return target === undefined ? inner : `<a href="${escapeText(target)}">${inner}</a>`;
      },
      heading({ tokens, depth, text }) {
        return `<h${depth} id="${anchorOf(text)}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
      table({ header, rows }) {
        const row = (cells: typeof header, tag: "th" | "td"): string =>
          `<tr>${cells.map(({ tokens }) => `<${tag}>${this.parser.parseInline(tokens)}</${tag}>`).join("")}</tr>`;
        const body = rows.map((cells) => row(cells, "td")).join("\n");
        return `<div class="table" tabindex="0" role="group" aria-label="Table"><table><thead>${row(header, "th")}</thead><tbody>\n${body}</tbody></table></div>\n`;
      },
    },
  });
}

/** The anchor that hosts of repositories give a heading, which the documents' links expect. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replaceAll(" ", "-");
}

function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
