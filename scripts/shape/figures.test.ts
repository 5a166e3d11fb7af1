import { describe, expect, it } from "vitest";
import { folderSizes, repeated } from "./figures.mjs";
import { isForTests, readSource } from "./sources.mjs";

const known = new Set(["core/index.ts", "room/a.ts", "room/b.ts", "wire/link.ts"]);
const read = (text: string, path = "room/a.ts") => readSource(path, text, known);

describe("a source file", () => {
  it("has its imports resolved: values, types, re-exports, dynamic imports and import types", () => {
    const { imports } = read(`
      import { a } from "../core";
      import type { B } from "./b";
      export { c } from "../wire/link";
      import { html } from "lit";
    `);
    expect(imports).toEqual(["core/index.ts", "room/b.ts", "wire/link.ts"]);
    expect(read('const a = import("./b");').imports).toEqual(["room/b.ts"]);
    expect(read('let a: import("./b").B;').imports).toEqual(["room/b.ts"]);
    expect(read('// import { a } from "./b";').imports).toEqual([]);
  });

  it("lists its declarations and exports, and nothing else", () => {
    const { types, values } = read(`
      export type A = string;
      export interface B {}
      export class C {}
      export const d = 1, e = 2;
      export function f(a: string): void;
      export function f(): void {}
      export const Shape = 1;
      export type Shape = typeof Shape;
      const hidden = 1;
      export { g } from "./b";
    `);
    expect(types).toEqual(["A", "B", "C", "Shape"]);
    expect(values).toEqual(["d", "e", "f"]);
  });

  it("knows the verbs in its code and in its strings, but not those in comments", () => {
    expect([...read('/* endorse */ room.propose("decline");').words]).toEqual(["room", "propose", "decline"]);
  });

  it("is for tests in a testing folder or with a test's name", () => {
    expect(["room/testing/nodes.ts", "room/a.test.ts", "room/a.ts"].map(isForTests)).toEqual([true, true, false]);
  });
});

describe("figures", () => {
  it("give files, lines, the median and the largest file by folder", () => {
    const sizes = folderSizes([
      { path: "room/a.ts", lines: 10 },
      { path: "room/door/b.ts", lines: 30 },
      { path: "room/c.ts", lines: 20 },
      { path: "core/d.ts", lines: 5 },
    ]);
    expect(sizes.get("room")).toEqual({ files: 3, lines: 60, median: 20, largest: 30 });
    expect(sizes.get("src")).toEqual({ files: 4, lines: 65, median: 20, largest: 30 });
  });

  it("list names that several files declare", () => {
    const sources = [
      read("export type Plan = 1; export type Only = 1;", "room/a.ts"),
      read("export type Plan = 2;", "room/b.ts"),
    ];
    expect([...repeated(sources, ({ types }) => types)]).toEqual([["Plan", ["room/a.ts", "room/b.ts"]]]);
  });
});
