import { describe, expect, it } from "vitest";
import { firstPaintFiles } from "./budget.mjs";

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
  it("follows static imports with their styles, and leaves out what is loaded later", () => {
    expect(firstPaintFiles(manifest, "index.html").sort()).toEqual(["a.css", "b.css", "index.js", "shared.js"]);
  });
});
