import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { codeStyles } from "./code-styles";
import { LiveDocument } from "./document";
import { colouring } from "./wanted";

/** Least contrast of small text, by WCAG 2. */
const CONTRAST = 4.5;

beforeAll(async () => {
  if (!colouring.want()) await new Promise<void>((resolve) => colouring.on("loaded", () => resolve()));
});

describe("code", () => {
  test("has the colours of its language, also by its short names", () => {
    expect(new LiveDocument().update("```ts\nconst a = 1;\n```", true).join("")).toContain(
      '<code><span class="hljs-keyword">const</span> a = <span class="hljs-number">1</span>;</code>',
    );
    expect(new LiveDocument().update("```py\ndef f(): ...\n```", true).join("")).toContain("hljs-keyword");
  });

  test("stays as it is in languages that are not known, and without a language", () => {
    expect(new LiveDocument().update("```zork\nlet <a>\n```", true).join("")).toContain("<code>let &lt;a&gt;</code>");
    expect(new LiveDocument().update("```\nlet a\n```", true).join("")).toContain("<code>let a</code>");
  });

  test("gets colours line by line while it grows", () => {
    const html = new LiveDocument().update("```js\nlet a;\nlet b", false).join("");
    expect(html).toContain('<code><span class="hljs-keyword">let</span> a;\nlet b</code>');
  });

  test("has colours that can be read in both themes", () => {
    const tokens = readFileSync("src/ui/styles/tokens.css", "utf8");
    const grounds = /--mg-sunken: light-dark\((#\w{6}), (#\w{6})\)/.exec(tokens)!;
    const colours = [...codeStyles.cssText.matchAll(/color: light-dark\((#\w{6}), (#\w{6})\)/g)];
    expect(colours.length).toBeGreaterThan(3);
    for (const colour of colours)
      for (const theme of [1, 2]) {
        const bare = [grounds[theme]!, colour[theme]!].map(luminance).sort((a, b) => b - a);
        expect((bare[0]! + 0.05) / (bare[1]! + 0.05), colour[theme]).toBeGreaterThanOrEqual(CONTRAST);
      }
  });
});

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
