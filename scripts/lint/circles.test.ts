/** Imports and exported names of the whole of `src/`, types included, without unit tests. */
import { describe, expect, it } from "vitest";
import { ROOT } from "../run/spawn.mjs";
import { describeCircle, fileGraph, findCircles, folderGraph, type Graph } from "../shape/circles.mjs";
import { repeated } from "../shape/figures.mjs";
import { isForTests, readSources } from "../shape/sources.mjs";
import { MAY_IMPORT, MAY_IMPORT_TYPES } from "./boundaries.mjs";
import { SUBFOLDERS_MAY_IMPORT } from "./subfolders.mjs";

const sources = readSources(`${ROOT}/src`);
const product = sources.filter(({ path }) => !isForTests(path));

/** Imports between the subfolders of one folder, such as `room/door` → `room/links`. */
function subfolderGraph(): Graph {
  const subfolder = (path: string): string => path.split("/").slice(0, -1).slice(0, 2).join("/");
  const inside = ([from]: readonly [string, unknown]): boolean => from.includes("/");
  return new Map(
    [...folderGraph(fileGraph(product), subfolder)]
      .filter(inside)
      .map(([from, targets]) => [from, new Set([...targets].filter((to) => to.startsWith(`${from.split("/")[0]}/`)))]),
  );
}

describe("imports", () => {
  it("make no circle between files", () => {
    expect(sources.length).toBeGreaterThan(400);
    expect(findCircles(fileGraph(sources)).map(describeCircle)).toEqual([]);
  });

  it("make no circle between folders", () => {
    const table = new Map(
      Object.entries(MAY_IMPORT).map(([from, to]) => [from, new Set([...to, ...(MAY_IMPORT_TYPES[from] ?? [])])]),
    );
    expect(findCircles(table).map(describeCircle)).toEqual([]);
  });

  it("between subfolders are in the table", () => {
    const strange = [...subfolderGraph()].flatMap(([from, targets]) => {
      const [folder = "", name = ""] = from.split("/");
      const allowed = SUBFOLDERS_MAY_IMPORT[folder]?.[name] ?? [];
      return [...targets].filter((to) => !allowed.includes(to.split("/")[1] ?? "")).map((to) => `${from} → ${to}`);
    });
    expect(strange).toEqual([]);
  });

  it("make no circle between subfolders", () => {
    expect(findCircles(subfolderGraph()).map(describeCircle)).toEqual([]);
  });
});

describe("exported names", () => {
  it("are declared in one file each", () => {
    const names = repeated(product, ({ types, values }) => [...types, ...values]);
    expect([...names].map(([name, paths]) => `${name}: ${paths.join(", ")}`)).toEqual([]);
  });
});
