import { describe, expect, test } from "vitest";
import { LiveDocument } from "./document";

/** The formulas of a text: the TeX of each, and whether it stands alone. */
function formulas(text: string): string[] {
  const html = new LiveDocument().update(text, true).join("");
  return [...html.matchAll(/data-tex="([^"]*)" data-look="(\w+)"/g)].map(([, tex, look]) => `${look} ${tex}`);
}

describe("math", () => {
  test.each([
    [String.raw`Euler: \(e^{i\pi}\).`, [String.raw`inline e^{i\pi}`]],
    [String.raw`So \[x^2\] follows.`, ["display x^2"]],
    ["Let $a_{i}*b*c_{j}$ be **$x*y$ bold**.", ["inline a_{i}*b*c_{j}", "inline x*y"]],
    ["$$\\sum_i i$$", [String.raw`display \sum_i i`]],
    ["The sum is:\n\\[\na\n= b\n- c\n\\]\nThe end.", ["display a\n= b\n- c"]],
    ["- one:\n  $$\n  x = 1\n  $$\n- two $y$", ["display x = 1", "inline y"]],
    ["是$x$的", ["inline x"]],
    ["It is $5$, or $3 \\times 10^5 \\text{ apples}$.", ["inline 5", String.raw`inline 3 \times 10^5 \text{ apples}`]],
    ["| $a$ | b |\n| --- | --- |\n| 1 | $c$ |", ["inline a", "inline c"]],
  ])("is found in %j", (text, found) => {
    expect(formulas(text)).toEqual(found);
  });

  test.each([
    "It costs $5 and $10.",
    "From $5-$10, or US$5 and HK$6.",
    "**$5** and **$10**",
    "$20 per month or 15$ here",
    "`$a$` and `\\(b\\)`",
    "```\n$$\nx\n$$\n```",
    String.raw`Escaped \$x\$ and \[link\](https://a.example)`,
    "$HOME/$USER and $ x $",
    "$$ is money.\n\nSo is $$.",
  ])("is not seen in %j", (text) => {
    expect(formulas(text)).toEqual([]);
  });

  test("is not taken for other Markdown while it grows", () => {
    const html = new LiveDocument().update("So:\n\n\\[\na_1\n= b_1 * c * d\n- e", false).join("");
    expect(html).toContain("\\[\na_1\n= b_1 * c * d\n- e</span>");
  });

  test("keeps prices bold", () => {
    expect(new LiveDocument().update("**$5** and **$10**", true).join("")).toBe(
      "<p><strong>$5</strong> and <strong>$10</strong></p>\n",
    );
  });
});
