import { describe, expect, it } from "vitest";
import { filesNamedIn, firstPaintFiles } from "./budget.mjs";

const manifest = {
  "index.html": {
    file: "index.js",
    isEntry: true,
    imports: ["_shared.js"],
    dynamicImports: ["engine.ts"],
    css: ["a.css"],
  },
  "_shared.js": { file: "shared.js", imports: ["index.html"], css: ["b.css"] },
  "engine.ts": { file: "engine.js", css: ["c.css"] },
};

describe("firstPaintFiles", () => {
  it("follows static imports with their styles, and leaves out files that are loaded later", () => {
    expect(firstPaintFiles(manifest, "index.html").sort()).toEqual(["a.css", "b.css", "index.js", "shared.js"]);
  });
});

describe("filesNamedIn", () => {
  it("finds the page's own scripts and style sheets, and nothing else", () => {
    const html = `
      <link rel="icon" href="./icon.svg" />
      <link rel="stylesheet" crossorigin href="./assets/a.css" />
      <script src="./theme.js"></script>
      <script type="module" crossorigin src="./assets/main.js"></script>
      <script src="https://elsewhere/x.js"></script>
      <script>inline()</script>`;
    expect(filesNamedIn(html)).toEqual(["assets/a.css", "theme.js", "assets/main.js"]);
  });
});
