/** Applies the English rule to a whole checkout, and counts its findings by area. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { englishInCode, englishInMarkdown } from "./english.mjs";

const FOLDERS = ["src", "workers", "e2e", "bench", "scripts"];
const DOCUMENTS = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "e2e/README.md"];
/** The rule's own files quote what it looks for; the guide model's texts are data; packages are not ours. */
const QUOTING = /^scripts\/(?:lint\/english|guide-model\/)|\/node_modules\//;

/**
 * @typedef {object} Place
 * @property {string} path
 * @property {number} line
 * @property {string} text
 * @property {string} advice
 */

/**
 * The area of a file: a folder of `src/`, another top folder, or the documents.
 * @param {string} path
 */
export function areaOf(path) {
  if (path.endsWith(".md")) return "docs";
  const [top = "", inner = ""] = path.split("/");
  return top === "src" ? `src/${inner}` : top;
}

/**
 * All findings in a checkout.
 * @param {string} root
 * @returns {Place[]}
 */
export function englishPlaces(root) {
  return placesIn(root, [...scripts(root), ...documents(root)]);
}

/**
 * The findings in the documents, which ESLint does not look at.
 * @param {string} root
 * @returns {Place[]}
 */
export function documentPlaces(root) {
  return placesIn(root, documents(root));
}

/**
 * @param {string} root
 * @param {string[]} paths
 * @returns {Place[]}
 */
function placesIn(root, paths) {
  return paths.flatMap((path) => {
    const text = readFileSync(join(root, path), "utf8");
    const findings = path.endsWith(".md") ? englishInMarkdown(text) : englishInCode(text);
    return findings.map(({ index, text: found, advice }) => ({
      path,
      line: text.slice(0, index).split("\n").length,
      text: found,
      advice,
    }));
  });
}

/**
 * Findings by area; areas without any are left out.
 * @param {string} root
 * @returns {Record<string, number>}
 */
export function countEnglish(root) {
  /** @type {Record<string, number>} */
  const counts = {};
  for (const { path } of englishPlaces(root)) counts[areaOf(path)] = (counts[areaOf(path)] ?? 0) + 1;
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => a.localeCompare(b)));
}

/** @param {string} root */
function scripts(root) {
  return FOLDERS.filter((folder) => existsSync(join(root, folder))).flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .map((path) => `${folder}/${path.replaceAll("\\", "/")}`)
      .filter((path) => /\.(?:ts|mjs)$/.test(path) && !QUOTING.test(path))
      .sort(),
  );
}

/** @param {string} root */
function documents(root) {
  const docs = existsSync(join(root, "docs")) ? readdirSync(join(root, "docs")) : [];
  const paths = [...docs.filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`), ...DOCUMENTS];
  return paths.filter((path) => existsSync(join(root, path)));
}
