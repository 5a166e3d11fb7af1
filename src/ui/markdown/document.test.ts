import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LiveDocument } from "./document";

function toHtml(text: string, complete = true): string {
  return new LiveDocument().update(text, complete).join("");
}

/** The text that a reader sees. */
function toText(html: string): string {
  return html
    .replace(/<[^>]+>/g, "")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");
}

function count(text: string, word: string): number {
  return text.split(word).length - 1;
}

describe("link definitions", () => {
  test("apply to the whole answer, wherever they stand", () => {
    const html = toHtml(
      "See [docs][1] and [that].\n\nMore text.\n\n[1]: https://docs.example/a\n[That]: https://that.example",
    );
    expect(html).toContain('<a href="https://docs.example/a">docs</a>');
    expect(html).toContain('<a href="https://that.example">that</a>');
    expect(toText(html)).not.toContain("[1]");
  });

  test("apply to an answer that grows, as soon as they are whole", () => {
    const live = new LiveDocument();
    const text = "See [docs][1].\n\n[1]: https://docs.example";
    expect(live.update(text, false)).toEqual(["<p>See [docs][1].</p>\n", ""]);
    expect(live.update(`${text}/page\n\nEnd`, false)[0]).toContain('href="https://docs.example/page"');
  });

  test("are shown if no link uses them", () => {
    const html = toHtml("Sources:\n\n[1]: https://a.example/x 'Title'\n[2]: <b>");
    expect(html).toContain('<a href="https://a.example/x">https://a.example/x</a>');
    expect(toText(html)).toMatch(/\[1\]: https:\/\/a\.example\/x 'Title'/);
  });

  test("are shown inside of lists and quotes", () => {
    expect(toText(toHtml("> [1]: https://a.example"))).toContain("[1]: https://a.example");
  });
});

describe("footnotes", () => {
  test("are linked both ways, across blocks", () => {
    const html = toHtml("A fact[^1] and more[^why].\n\nText.\n\n[^1]: The *source*.\n[^Why]: First.\n\n    Second.");
    expect(html).toContain('<button type="button" data-goto="note-1" data-anchor="noteref-1"');
    expect(html).toContain('data-anchor="note-1"');
    expect(html).toContain('data-goto="noteref-1"');
    expect(html).toContain("The <em>source</em>.");
    expect(toText(html)).toMatch(/First\.\s+Second\./);
  });

  test("may follow a paragraph at once", () => {
    expect(toHtml("A fact[^1].\n[^1]: https://a.example")).toContain('data-anchor="note-1"');
  });

  test("stay text while they are not defined", () => {
    expect(toHtml("A fact[^1].")).toBe("<p>A fact[^1].</p>\n");
  });

  test("cannot bring attributes along", () => {
    expect(toHtml('x[^"><b>]\n\n[^"><b>]: note')).not.toContain("<b>");
  });
});

describe("emphasis beside CJK punctuation", () => {
  test.each([
    ["**注意：**正文", "<strong>注意：</strong>正文"],
    ["这是**“术语”**。", "这是<strong>“术语”</strong>。"],
    ["**「A」**なので**「B」**", "<strong>「A」</strong>なので<strong>「B」</strong>"],
    ["**A，**B*i。*c", "<strong>A，</strong>B<em>i。</em>c"],
    ["*（強調）*です", "<em>（強調）</em>です"],
    ["~~删除（x）。~~这", "<del>删除（x）。</del>这"],
    ["**한국어(괄호)**는", "<strong>한국어(괄호)</strong>는"],
    ["这是**`code`**。和**[链接](https://x.example)**吧", '<strong><a href="https://x.example">链接</a></strong>吧'],
  ])("%s", (source, html) => {
    expect(toHtml(source)).toContain(html);
  });

  test("leaves no stars around words in brackets and quotation marks", () => {
    const cjk = fc.stringMatching(/^[中文かなカナ한글]{1,4}$/);
    const around = fc.constantFrom(["「", "」"], ["“", "”"], ["（", "）"], ["《", "》"], ["，", "。"], ["！", "？"]);
    fc.assert(
      fc.property(cjk, around, cjk, cjk, (before, [open, close], word, after) => {
        const html = toHtml(`${before}**${open}${word}${close}**${after}`);
        expect(html).toBe(`<p>${before}<strong>${open}${word}${close}</strong>${after}</p>\n`);
      }),
    );
  });

  test("changes nothing in other texts", () => {
    expect(toHtml("**Hello!**world")).toBe("<p>**Hello!**world</p>\n");
    expect(toHtml('a**"b"**c')).toBe("<p>a**&quot;b&quot;**c</p>\n");
  });
});

describe("LiveDocument", () => {
  test("loses no word, and ends with the same HTML however the text arrives", () => {
    const marks =
      "** * _ $ $$ \\( \\) \\[ \\] [^1] [^1]: [a] [a]: (x) - 1. > ``` ```js ` ~~ | 「 」 。 5 # <b> </b> <think> { } ! ://";
    const piece = fc.constantFrom(...marks.split(" "), " ", "    ", "\t", "\n", "\n\n", "word", "中文", "| --- |\n");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const live = new LiveDocument();
        let text = "";
        for (const each of pieces) live.update((text += each), false);
        const html = live.update(text, true).join("");
        expect(html).toBe(toHtml(text));
        for (const word of ["word", "中文"]) expect(count(toText(html), word)).toBe(count(text, word));
      }),
      { numRuns: 300 },
    );
  });

  test.each(["[a]: 中文\\(", "[x]: https://x.example/\\(word", "[https://x.example]: https://x.example 'Title'"])(
    "shows %s once",
    (definition) => {
      expect(toText(toHtml(definition))).toBe(definition);
    },
  );

  test("shows HTML that is not allowed as text, and no remote images", () => {
    const html = toHtml(
      '<img src=x onerror="alert(1)"> ![pixel](https://tracker.example/p.png)\n\n<b onclick="x">b</b>',
    );
    expect(html).not.toMatch(/<img|<b /);
    expect(html).toContain('<a href="https://tracker.example/p.png">pixel</a>');
  });
});
