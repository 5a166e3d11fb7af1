/** Lays out the figures of `npm run shape` as text. */

/** @typedef {import("./figures.mjs").Figures} Figures */
/** @typedef {import("./figures.mjs").FolderSize} FolderSize */

/**
 * @param {Figures} now
 * @param {Figures} [before] The checkout that is compared with; its figures come first in each pair.
 * @returns {string}
 */
export function report(now, before) {
  /** @param {(figures: Figures) => string | number} figure */
  const pair = (figure) => (before ? `${figure(before)} → ${figure(now)}` : String(figure(now)));
  /**
   * @param {string} title
   * @param {(figures: Figures) => readonly string[]} items
   */
  const list = (title, items) => [`${title}: ${pair((figures) => items(figures).length)}`, ...items(now).map(indent)];
  return [
    before ? "Before → now" : "This checkout",
    "",
    "src/ without tests and testing/",
    ...folderTable(now, before),
    "",
    ...list("Circles of imports between files, types included", ({ fileCircles }) => fileCircles),
    ...list("Circles of imports between folders and subfolders", ({ folderCircles }) => folderCircles),
    "",
    ...list("Exported types that several files declare", ({ repeatedTypes }) => names(repeatedTypes)),
    ...list("Exported values that several files declare", ({ repeatedValues }) => names(repeatedValues)),
    "",
    ...[...now.verbs.keys()].flatMap((verb) =>
      list(`Files (no tests) with “${verb}” as an identifier or a string`, ({ verbs }) => verbs.get(verb) ?? []),
    ),
    "",
    `Findings of the English rule: ${pair(({ english }) => Object.values(english).reduce((sum, count) => sum + count, 0))}`,
    ...[...new Set([...Object.keys(before?.english ?? {}), ...Object.keys(now.english)])]
      .sort()
      .filter((area) => now.english[area] || before?.english[area])
      .map((area) => indent(`${area}: ${pair(({ english }) => english[area] ?? 0)}`)),
    "",
    ...["check", "test"].map((name) => `Last ${name}: ${pair(({ seconds }) => duration(seconds[name]))}`),
  ].join("\n");
}

/**
 * @param {Figures} now
 * @param {Figures | undefined} before
 */
function folderTable(now, before) {
  const folders = [...new Set([...now.folders.keys(), ...(before?.folders.keys() ?? [])])].sort(
    (a, b) => Number(b === "src") - Number(a === "src") || a.localeCompare(b),
  );
  /** @type {(keyof FolderSize)[]} */
  const columns = ["files", "lines", "median", "largest"];
  const rows = folders.map((folder) => [
    folder,
    ...columns.map((column) => {
      const value = String(now.folders.get(folder)?.[column] ?? "-");
      return before ? `${before.folders.get(folder)?.[column] ?? "-"} → ${value}` : value;
    }),
  ]);
  const table = [["folder", ...columns], ...rows];
  const widths = table[0]?.map((_, at) => Math.max(...table.map((row) => row[at]?.length ?? 0))) ?? [];
  return table.map((row) =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join("  "),
  );
}

/** @param {ReadonlyMap<string, readonly string[]>} files */
function names(files) {
  return [...files].map(([name, paths]) => `${name}: ${paths.join(", ")}`);
}

/** @param {string} line */
function indent(line) {
  return `  ${line}`;
}

/** @param {number | undefined} seconds */
function duration(seconds) {
  return seconds === undefined ? "not measured" : `${seconds.toFixed(0)} s`;
}
