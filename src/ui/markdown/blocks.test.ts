import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BlockSplitter } from "./blocks";

const sources = (text: string): string[] => new BlockSplitter().update(text).map(({ source }) => source);

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

  test("keeps settled blocks as the very same objects while the text grows", () => {
    const splitter = new BlockSplitter();
    const before = splitter.update("First.\n\nSecond");
    const after = splitter.update("First.\n\nSecond, and more.\n\nThird");
    expect(after[0]).toBe(before[0]);
    expect(after.map(({ source }) => source)).toEqual(["First.\n\n", "Second, and more.\n\n", "Third"]);
  });

  test("starts again when the text is another one", () => {
    const splitter = new BlockSplitter();
    splitter.update("One.\n\nTwo.\n\nThree");
    expect(splitter.update("Other").map(({ source }) => source)).toEqual(["Other"]);
  });

  test("returns the whole text at every step, however it grows", () => {
    fc.assert(
      fc.property(pieces, (parts) => {
        const splitter = new BlockSplitter();
        let text = "";
        for (const part of parts) {
          text += part;
          expect(
            splitter
              .update(text)
              .map(({ source }) => source)
              .join(""),
          ).toBe(text);
        }
      }),
    );
  });

  test("keeps an open code block as one block, including blank lines", () => {
    const splitter = new BlockSplitter();
    splitter.update("Look:\n\n```js\nconst a = 1;\n\n");
    expect(splitter.update("Look:\n\n```js\nconst a = 1;\n\nconst b = 2;\n")).toHaveLength(2);
  });

  test("loses nothing with the line ends of other systems", () => {
    expect(sources("a\r\n\r\nb").join("")).toBe("a\r\n\r\nb");
  });
});
