/** Bundle sizes: what a visitor downloads before the first paint, held to a budget, and all that comes later. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

/** Compressed bytes of JavaScript and CSS that the page needs before it paints. */
export const FIRST_PAINT_BUDGET_BYTES = 42_000;

/**
 * Compressed bytes of JavaScript that a page which embeds the element needs before it shows. 1.4 kB of them are the letters
 * that look like others: no name may pass for the words by which the element tells where an answer was computed.
 */
export const ELEMENT_BUDGET_BYTES = 36_500;

/** @typedef {{ file: string, isEntry?: boolean, imports?: string[], css?: string[] }} ManifestChunk */
/** @typedef {Record<string, ManifestChunk>} Manifest */
/** @typedef {{ file: string, bytes: number, compressedBytes: number }} FileSize */

/**
 * The files that the entry pulls in by static imports, and their style sheets: all that comes before the first paint.
 * @param {Manifest} manifest
 * @param {string} entry Key of the entry in the manifest, such as `index.html`.
 * @returns {string[]}
 */
export function firstPaintFiles(manifest, entry) {
  /** @type {Set<string>} */
  const seen = new Set();
  /** @type {Set<string>} */
  const files = new Set();
  /** @param {string} key */
  const visit = (key) => {
    const chunk = manifest[key];
    if (!chunk || seen.has(key)) return;
    seen.add(key);
    files.add(chunk.file);
    for (const css of chunk.css ?? []) files.add(css);
    chunk.imports?.forEach(visit);
  };
  visit(entry);
  return [...files];
}

/**
 * The local scripts and style sheets that a page names itself, such as a classic script that the build leaves alone.
 * @param {string} html
 * @returns {string[]} paths relative to the page
 */
export function filesNamedIn(html) {
  const tags = html.match(/<(script|link)\b[^>]*>/g) ?? [];
  return tags
    .filter((tag) => tag.startsWith("<script") || /rel="(stylesheet|modulepreload)"/.test(tag))
    .flatMap((tag) => /\b(?:src|href)="(?:\.\/)?([^":]+)"/.exec(tag)?.[1] ?? []);
}

/**
 * Sizes of a file as it is and as a server would send it. Files beyond 8 MiB are not compressed here: that takes
 * seconds, and nothing so large is in the way of a paint.
 * @param {string} folder
 * @param {string} file
 * @returns {FileSize}
 */
export function measure(folder, file) {
  const content = readFileSync(join(folder, file));
  const compressed =
    content.length > 8 * 1024 * 1024
      ? content.length
      : brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }).length;
  return { file, bytes: content.length, compressedBytes: compressed };
}

/**
 * The table that a build prints, largest first.
 * @param {readonly FileSize[]} sizes
 * @returns {string}
 */
export function table(sizes) {
  const width = Math.max(0, ...sizes.map(({ file }) => file.length));
  return [...sizes]
    .sort((a, b) => b.bytes - a.bytes)
    .map(({ file, bytes, compressedBytes }) => {
      const packed = compressedBytes < bytes ? `${kilobytes(compressedBytes)} compressed` : "";
      return `  ${file.padEnd(width)} ${kilobytes(bytes).padStart(12)}   ${packed}`.trimEnd();
    })
    .join("\n");
}

/** @param {number} bytes */
export function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
