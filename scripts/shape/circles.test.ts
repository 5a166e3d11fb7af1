import { describe, expect, it } from "vitest";
import { describeCircle, fileGraph, findCircles, folderGraph } from "./circles.mjs";

const graph = (edges: Record<string, string[]>) =>
  fileGraph(Object.entries(edges).map(([path, imports]) => ({ path, imports })));
const circles = (edges: Record<string, string[]>) => findCircles(graph(edges)).map(describeCircle);

describe("circles of imports", () => {
  it("are absent from a tree and from a diamond", () => {
    expect(circles({ a: ["b", "c"], b: ["d"], c: ["d"], d: [] })).toEqual([]);
  });

  it("are found if two files import each other, and if a file imports itself", () => {
    expect(circles({ a: ["b"], b: ["a"], c: ["c"] })).toEqual(["a → b → a", "c → c"]);
  });

  it("are shown as the shortest way back, with the other members", () => {
    expect(circles({ a: ["b"], b: ["c", "a"], c: ["d"], d: ["b"], e: ["a"] })).toEqual(["a → b → a (with c, d)"]);
  });

  it("are listed separately if one leads to the other", () => {
    expect(circles({ a: ["b"], b: ["a", "x"], x: ["y"], y: ["x"] })).toEqual(["a → b → a", "x → y → x"]);
  });

  it("between folders are found even without a circle between files", () => {
    const files = graph({
      "ui/a.ts": ["ui/chat/b.ts"],
      "ui/chat/b.ts": [],
      "ui/chat/c.ts": ["ui/d.ts"],
      "ui/d.ts": [],
    });
    expect(findCircles(files)).toEqual([]);
    expect(findCircles(folderGraph(files)).map(describeCircle)).toEqual(["ui → ui/chat → ui"]);
  });
});
