import fc from "fast-check";
import { Lexer } from "marked";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { LiveDocument } from "./document";
import { MAX_BLOCK_CHARS, MAX_ELEMENTS, partsOf } from "./limits";

/** The cost of a text: the characters that the parser is given, each time that it is, and those of the HTML. */
function cost(text: string): { readonly steps: number; readonly html: string } {
  steps = 0;
  const html = new LiveDocument().update(text, true).join("");
  return { steps: steps + html.length, html };
}

/** Most steps for each character. Ordinary texts take about 10, and tables of empty cells the most. */
const MOST_STEPS = 150;
let steps = 0;

beforeAll(() => {
  for (const method of ["blockTokens", "inlineTokens"] as const) {
    const original = Lexer.prototype[method] as (source: string, ...rest: unknown[]) => unknown;
    vi.spyOn(Lexer.prototype, method).mockImplementation(function (this: Lexer, source: string, ...rest: unknown[]) {
      steps += 1 + source.length;
      return original.call(this, source, ...rest) as never;
    });
  }
});
afterAll(() => void vi.restoreAllMocks());

/** The text that a reader sees, without the marks of Markdown and spaces. */
const letters = (text: string): string => text.replaceAll(/<[^>]*>|&\w+;|[^a-z]/g, "");

const UNITS = [
  ..."> |- |1. |* |[a]( |![a]( |*a |*a*|**a|_a |`a |<a |<!--|~~a|www.a.|a@a.|\\|&a|> - |> 1. - |$a|$$a |\\[a |[*a |**「a".split(
    "|",
  ),
  "- a\n\n",
  "a\n=\n",
  "|a|\n|-|\n",
  "|b\n",
  "```\n",
  "[a]: b\n",
  "[^1]: a\n",
  "> a\n\n",
  "<div>\n\n",
  "a\n\n",
];

describe("texts that would take longer than their length allows", () => {
  const wide = `|${"a|".repeat(800)}\n|${"-|".repeat(800)}\n${"|b\n".repeat(4000)}`;
  test.each([
    ["a wide table with many short rows", wide],
    ["quotes in quotes", ">".repeat(20_000)],
    ["quotes in quotes, with spaces", "> ".repeat(10_000)],
    ["lists in lists", "- ".repeat(5000) + "a"],
    ["numbered lists in lists", "1. ".repeat(4096)],
    ["indented lists in lists", Array.from({ length: 150 }, (_, depth) => " ".repeat(2 * depth) + "- a").join("\n")],
  ])("%s are shown as they are written", (_, text) => {
    const { steps: taken, html } = cost(text);
    expect(html).toContain('<p class="raw">');
    expect(letters(html)).toBe(letters(text));
    expect(taken).toBeLessThan(MOST_STEPS * text.length);
  });

  test("leave what is around them as it is", () => {
    const { html } = cost(`# Before\n\n**a**\n\n${">".repeat(300)}\n\nThen **this**.`);
    expect(html).toMatch(/<h1>Before<\/h1>\s*<p><strong>a<\/strong><\/p>\s*<p class="raw">/);
    expect(html).toContain("<p>Then <strong>this</strong>.</p>");
  });

  test("do not take in ordinary ones", () => {
    const deep = Array.from({ length: 8 }, (_, depth) => `${"  ".repeat(depth)}- level`).join("\n");
    const table = `|a|b|c|\n|-|-|-|\n${"|1|2|3|\n".repeat(500)}`;
    for (const text of [
      deep,
      table,
      "> > > quoted",
      `${"- ".repeat(40)}\n`,
      "* * *",
      `\`\`\`js\n${"let a;\n".repeat(5000)}\`\`\``,
    ])
      expect(cost(text).html, text.slice(0, 40)).not.toContain("raw");
  });

  test("are shown without elements beyond a number", () => {
    const text = "*a* b\n\n".repeat(MAX_ELEMENTS);
    const { html } = cost(text);
    expect(html.split("<").length).toBeLessThan(MAX_ELEMENTS + 10);
    expect(letters(html)).toBe(letters(text));
  });

  test("cost at most so much for each character, whatever they are made of", () => {
    const text = fc
      .array(fc.tuple(fc.constantFrom(...UNITS), fc.integer({ min: 1, max: 3000 })), { minLength: 1, maxLength: 6 })
      .map((pieces) => pieces.map(([unit, times]) => unit.repeat(times)).join("\n"));
    fc.assert(
      fc.property(text, (hostile) => {
        expect(cost(hostile).steps).toBeLessThan(MOST_STEPS * hostile.length + 1000);
      }),
      { numRuns: 30 },
    );
  });
});

describe("partsOf", () => {
  test("loses nothing, and gives no part that is both long and readable, but code", () => {
    const line = fc.constantFrom(
      "a",
      "",
      "- a",
      "  b",
      "```",
      "~~~",
      "> q",
      "# h",
      "word ".repeat(900),
      "[a]: b",
      "|-|-|",
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 60 }), (lines) => {
        const text = lines.join("\n");
        const parts = partsOf(text);
        expect(parts.map(({ source }) => source).join("")).toBe(text);
        for (const { source, readable } of parts)
          expect(!readable || source.length <= MAX_BLOCK_CHARS || /^(?:```|~~~)/.test(source)).toBe(true);
      }),
    );
  });
});
