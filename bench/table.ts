/** The table that a run prints: plain text, one line for each figure, notes below. */
import { isKept, type Line, type Target, type Unit } from "./line";
import type { Spread } from "./statistics";

const HEAD = ["", "measured (half of all samples)", "its ceiling or the other side", "ratio", "target", "ok?"];

/** The lines as text. */
export function table(lines: readonly Line[]): string {
  const notes: string[] = [];
  const rows = lines.map((line) => row(line, notes));
  const widths = HEAD.map((_, column) => Math.max(...[HEAD, ...rows].map((cells) => cells[column]!.length)));
  const write = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join(" | ")
      .trimEnd();
  const rule = widths.map((width) => "-".repeat(width)).join("-|-");
  return [write(HEAD), rule, ...rows.map(write), "", ...notes].join("\n").trimEnd();
}

function row(line: Line, notes: string[]): string[] {
  const marks = (line.notes ?? []).map((note) => {
    if (!notes.some((known) => known.endsWith(note))) notes.push(`[${notes.length + 1}] ${note}`);
    return `[${notes.findIndex((known) => known.endsWith(note)) + 1}]`;
  });
  const kept = isKept(line);
  return [
    [line.name, ...marks].join(" "),
    figure(line.measured, line.unit),
    line.other ? `${line.other.name}: ${figure(line.other.value, line.other.unit)}` : "",
    line.ratio ? figure(line.ratio, "ratio") : "",
    line.target ? promise(line.target, line.unit) : "",
    kept === undefined ? "" : kept ? "yes" : "NO",
  ];
}

function figure({ median, low, high, samples }: Spread, unit: Unit): string {
  const range = samples.length > 1 ? ` (${number(low, unit)} to ${number(high, unit)})` : "";
  return `${number(median, unit)}${unit === "ratio" ? "" : ` ${unit}`}${range}`;
}

function promise({ of, at, value }: Target, unit: Unit): string {
  const sign = at === "least" ? "≥" : "≤";
  if (of === "ratio") return `${sign} ${value}`;
  return `${of === "max" ? "each " : ""}${sign} ${value} ${unit}`;
}

function number(value: number, unit: Unit): string {
  if (unit === "ratio") return value.toFixed(value < 0.1 ? 4 : 3);
  return value.toFixed(Math.abs(value) < 100 ? 1 : 0);
}
