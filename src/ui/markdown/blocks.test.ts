import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BlockSplitter } from "./blocks";

const sources = (text: string, splitter = new BlockSplitter()): string[] =>
  splitter.update(text, false).blocks.map(({ source }) => source);

const pieces = fc.array(
  fc.constantFrom(
    "# Head\n\n",
    "para\n\n",
    "- item\n",
    "1. one\n\n",
    "   more\n",
    "```ts\ncode\n",
    "```\n\n",
    "> q\n",
    "| a | b |\n| --- | --- |\n",
    "\n",
    "text ",
    "\tx",
    "[a]: https://a.example\n",
    "[^1]: note\n",
    "$$\n",
    "\\[x\\]\n",
  ),
  { maxLength: 25 },
);

describe("BlockSplitter", () => {
  test("splits a text into its blocks and loses nothing", () => {
    const text = "# Title\n\nA paragraph.\n\n- one\n- two\n\n```ts\nlet a;\n\nlet b;\n```\n\nEnd";
    expect(sources(text)).toEqual([
      "# Title\n\n",
      "A paragraph.\n\n",
      "- one\n- two\n\n",
      "```ts\nlet a;\n\nlet b;\n```\n\n",
      "End",
    ]);
  });

  test("knows the definitions of settled blocks, and those of the last one when the text is complete", () => {
    const splitter = new BlockSplitter();
    const text =
      "See [a].\n\n[a]: https://a.example\n[b]: https://b.example\n[a]: https://later.example\n\n[^n]: A note";
    const { links } = splitter.update(text, false);
    expect(Object.keys(links).sort()).toEqual(["a", "b"]);
    expect(links.a?.href).toBe("https://a.example");
    expect(splitter.update(text, false).links).toBe(links);
    expect(Object.keys(splitter.update(text, true).links).sort()).toEqual(["^n", "a", "b"]);
  });

  test("starts again when the text is another one", () => {
    const splitter = new BlockSplitter();
    splitter.update("One.\n\nTwo.\n\nThree", false);
    expect(sources("Other", splitter)).toEqual(["Other"]);
  });

  test("returns the whole text at every step, however it grows", () => {
    fc.assert(
      fc.property(pieces, (parts) => {
        const splitter = new BlockSplitter();
        let text = "";
        for (const part of parts) {
          text += part;
          expect(sources(text, splitter).join("")).toBe(text);
        }
      }),
    );
  });

  test("joins a line to its paragraph that looked like another block at first", () => {
    const splitter = new BlockSplitter();
    expect(splitter.update("Text\n#", false).blocks).toHaveLength(2);
    expect(sources("Text\n#tag", splitter)).toEqual(["Text\n#tag"]);
  });

  test("keeps an open code block as one block, including blank lines", () => {
    const splitter = new BlockSplitter();
    splitter.update("Look:\n\n```js\nconst a = 1;\n\n", false);
    expect(splitter.update("Look:\n\n```js\nconst a = 1;\n\nconst b = 2;\n", false).blocks).toHaveLength(2);
  });

  test("loses nothing with the line ends of other systems", () => {
    expect(sources("a\r\n\r\nb").join("")).toBe("a\r\n\r\nb");
  });
});
