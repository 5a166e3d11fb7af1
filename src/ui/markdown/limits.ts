/** Limits of the texts that are read as Markdown. A text that would take longer than its length allows is shown as it is written. */

/** Longest block that is read, in characters: the parser may need a time that grows with the square of it. */
export const MAX_BLOCK_CHARS = 16_384;
/** Most levels of lists and quotes inside of each other: the parser calls itself for each. */
const MAX_NESTING = 16;
/** Most cells of a table: the parser fills rows that are too short, so a few characters may stand for many cells. */
const MAX_CELLS = 4096;
/** Most elements that one text makes: the page has to clean and to place each of them. */
export const MAX_ELEMENTS = 20_000;

/** A part of a text that no block reaches across. */
interface Part {
  readonly source: string;
  /** True if it can be read in a time that grows with its length. */
  readonly readable: boolean;
}

/** The first mark of fenced code that stands in no list. */
const FENCE = /^(`{3,}|~{3,})/;
const BLANK = /^[ \t]*$/;
/** After a blank line, this may belong to what is before: it is indented, an item of a list, or a definition. */
const CONTINUES = /^(?:[ \t]|[-+*](?:[ \t]|$)|\d{1,9}[.)](?:[ \t]|$)|\[)/;
/** A rule, which looks like lists in lists. */
const RULE = /^[ \t>]*([-*_])(?:[ \t]*\1){2,}[ \t]*$/;
/** The signs of lists and quotes that a line begins with. */
const MARKS = /^(?:[ \t]*(?:>|(?:[-+*]|\d{1,9}[.)])(?=[ \t]|$)))+/;
/** The line below the head of a table has nothing but these. */
const DELIMITERS = /^[-:|>\s]*$/;

/**
 * Cuts a text where a block surely ends: into parts of at most `MAX_BLOCK_CHARS` where that is possible, and into smaller
 * ones around what cannot be read. Fenced code may be longer, since it is read in one pass. The parts add up to the text.
 */
export function partsOf(text: string): Part[] {
  return cutAt(text, MAX_BLOCK_CHARS).flatMap(({ source, code }) => {
    if (code || isReadable(source)) return [{ source, readable: true }];
    return cutAt(source, 0).map((part) => ({ source: part.source, readable: part.code || isReadable(part.source) }));
  });
}

/** Cuts at every safe place before which there are more than `length` characters. Reads each line once. */
function cutAt(text: string, length: number): { readonly source: string; readonly code: boolean }[] {
  if (text.length <= length) return text === "" ? [] : [{ source: text, code: false }];
  const parts: { source: string; code: boolean }[] = [];
  let from = 0;
  /** The last place where a block surely begins. */
  let safe = 0;
  let fence = "";
  let blank = true;
  const cut = (at: number, code: boolean): void => {
    if (at > from) parts.push({ source: text.slice(from, at), code });
    from = safe = at;
  };
  for (let at = 0; at < text.length;) {
    const next = text.indexOf("\n", at) + 1 || text.length;
    const line = text.slice(at, Math.min(next, at + MAX_BLOCK_CHARS)).trimEnd();
    const opening = FENCE.exec(line)?.[1];
    if (fence === "" && opening !== undefined) {
      cut(at, false);
      fence = opening;
    } else if (fence === "") {
      if (blank && !BLANK.test(line) && !CONTINUES.test(line)) safe = at;
      if (next - from > length && safe > from) cut(safe, false);
      blank = BLANK.test(line);
    } else if (opening === line && opening.startsWith(fence)) {
      fence = "";
      blank = true;
      cut(next, true);
    }
    at = next;
  }
  cut(text.length, fence !== "");
  return parts;
}

function isReadable(source: string): boolean {
  if (source.length > MAX_BLOCK_CHARS) return false;
  const lines = source.split("\n");
  return lines.every((line, index) => {
    const columns = line.includes("-") && DELIMITERS.test(line) ? line.split("|").length : 1;
    if (columns > 1 && columns * (lines.length - index) > MAX_CELLS) return false;
    return RULE.test(line) || nesting(line) <= MAX_NESTING;
  });
}

/** How deep inside of lists and quotes a line begins, at most. */
function nesting(line: string): number {
  const marks = MARKS.exec(line)?.[0] ?? "";
  const columns = /^[ \t]*/.exec(marks)?.[0].replaceAll("\t", "    ").length ?? 0;
  return Math.floor(columns / 2) + (marks.match(/>|[^\s>]+/g) ?? []).length;
}
