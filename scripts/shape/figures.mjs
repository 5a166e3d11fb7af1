/** The figures that `npm run shape` prints about one checkout. */
import { join } from "node:path";
import { countEnglish } from "../lint/english-count.mjs";
import { readDurations } from "../run/durations.mjs";
import { describeCircle, fileGraph, findCircles, folderGraph } from "./circles.mjs";
import { isForTests, readSources } from "./sources.mjs";

/** @typedef {import("./sources.mjs").Source} Source */

/** Verbs of a room; each must be known to every layer between the page and the room. */
const VERBS = ["endorse", "declineLayers"];

/**
 * @typedef {object} FolderSize
 * @property {number} files
 * @property {number} lines
 * @property {number} median Lines of the file in the middle.
 * @property {number} largest
 */

/**
 * @typedef {object} Figures
 * @property {Map<string, FolderSize>} folders By top folder, and all together as `src`; without tests.
 * @property {string[]} fileCircles
 * @property {string[]} folderCircles Between folders and subfolders.
 * @property {Map<string, string[]>} repeatedTypes Files by exported name, for names that several files declare.
 * @property {Map<string, string[]>} repeatedValues
 * @property {Map<string, string[]>} verbs Files, without tests, with the verb as an identifier or a string.
 * @property {Record<string, number>} english Findings of the English rule by area.
 * @property {Record<string, number>} seconds Durations of the last `check` and `test`.
 */

/**
 * @param {string} root Folder of a checkout.
 * @returns {Figures}
 */
export function figuresOf(root) {
  const sources = readSources(join(root, "src"));
  const product = sources.filter(({ path }) => !isForTests(path));
  const files = fileGraph(sources);
  return {
    folders: folderSizes(product),
    fileCircles: findCircles(files).map(describeCircle),
    folderCircles: findCircles(folderGraph(fileGraph(product))).map(describeCircle),
    repeatedTypes: repeated(product, ({ types }) => types),
    repeatedValues: repeated(product, ({ values }) => values),
    verbs: new Map(VERBS.map((verb) => [verb, product.filter(({ words }) => words.has(verb)).map(({ path }) => path)])),
    english: countEnglish(root),
    seconds: readDurations(root),
  };
}

/**
 * @param {readonly Pick<Source, "path" | "lines">[]} sources
 * @returns {Map<string, FolderSize>}
 */
export function folderSizes(sources) {
  /** @type {Map<string, number[]>} */
  const lines = new Map([["src", []]]);
  for (const source of sources) {
    const folder = source.path.split("/")[0] ?? "";
    for (const name of ["src", folder]) lines.set(name, [...(lines.get(name) ?? []), source.lines]);
  }
  return new Map(
    [...lines].map(([name, all]) => {
      const sorted = all.sort((a, b) => a - b);
      const total = sorted.reduce((sum, count) => sum + count, 0);
      const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
      return [name, { files: sorted.length, lines: total, median, largest: sorted.at(-1) ?? 0 }];
    }),
  );
}

/**
 * Names that more than one file declares and exports, with these files.
 * @param {readonly Source[]} sources
 * @param {(source: Source) => readonly string[]} namesOf
 * @returns {Map<string, string[]>}
 */
export function repeated(sources, namesOf) {
  /** @type {Map<string, string[]>} */
  const files = new Map();
  for (const source of sources) {
    for (const name of namesOf(source)) files.set(name, [...(files.get(name) ?? []), source.path]);
  }
  return new Map([...files].filter(([, paths]) => paths.length > 1).sort(([a], [b]) => a.localeCompare(b)));
}
