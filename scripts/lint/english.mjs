/**
 * Plain English: finds openings and phrases that read like another language, in comments, strings and documents.
 * `npm run english` lists them.
 */
import ts from "typescript";

/**
 * @typedef {object} Finding
 * @property {number} index Where it begins in the text.
 * @property {number} end
 * @property {string} text What was found.
 * @property {string} advice
 */

/** @type {readonly { pattern: RegExp, advice: string }[]} */
const PHRASES = [
  { pattern: /(?<!\bthere )\b(?:is|are|was|were) none\b(?! of\b)/gi, advice: "Say what is wrong or missing." },
  { pattern: /\banew\b/gi, advice: "Say “again”." },
  { pattern: /\bso many\b(?![^.;]*\bthat\b)/gi, advice: "Name the limit, or say “too many”." },
  { pattern: /\bfor ever\b/gi, advice: "Say “forever” or how long." },
  { pattern: /\bnobody['’]s\b/gi, advice: "Say what happens, with a subject that exists." },
  { pattern: /\bof before\b/gi, advice: "Say “earlier” or “previous”." },
  { pattern: /\bof two minds\b/gi, advice: "Say “disagreed”." },
  { pattern: /\b(?:to|from|with|by) who\b(?! [^.;]*\?)/gi, advice: "Name the person or the thing." },
  { pattern: /\bthis is no\b/gi, advice: "Say “this is not a …”." },
];

const HEADLESS = /^(?:Who|Whoever|Whom|Whose|What|Whatever)\b(?! (?:if|about)\b)/;
const HEADLESS_ADVICE = "Begin with a subject: name who or what it is.";
/** A comment's sentence begins at its start, after a full stop, a blank line, a list's dash or a tag such as `@returns`. */
const STARTS = /(?:^|[.!?]["”’)`]*\s+|\n[^\S\n]*\n|\n\s*(?:[-*]|\d+\.)\s+|@\w+\s+)\s*(?=["“(]?Wh)/g;

/**
 * Findings in plain prose.
 * @param {string} prose
 * @param {{ whole?: boolean, label?: boolean }} [options] `whole: false`: the prose is the rest of a sentence that began
 *   before it. `label`: only whole sentences count as such, since a heading may well be “What others see”.
 * @returns {Finding[]}
 */
export function englishFindings(prose, { whole = true, label = false } = {}) {
  /** @type {Finding[]} */
  const findings = [];
  for (const { pattern, advice } of PHRASES) {
    for (const match of prose.matchAll(pattern)) {
      findings.push({ index: match.index, end: match.index + match[0].length, text: match[0], advice });
    }
  }
  for (const start of prose.matchAll(STARTS)) {
    if (start.index === 0 && start[0].trim() === "" && !whole) continue;
    const index = start.index + start[0].length;
    const sentence = /^[^]*?(?:[.!?](?=["”’)`]*(?:\s|$))|\n[^\S\n]*\n|$)/.exec(prose.slice(index))?.[0] ?? "";
    const opening = HEADLESS.exec(sentence);
    if (!opening || sentence.endsWith("?") || (label && !sentence.endsWith("."))) continue;
    findings.push({ index, end: index + opening[0].length, text: opening[0], advice: HEADLESS_ADVICE });
  }
  return findings.sort((a, b) => a.index - b.index);
}

/**
 * Findings in the comments, strings and templates of a script.
 * @param {string} code
 * @returns {Finding[]}
 */
export function englishInCode(code) {
  const file = ts.createSourceFile("file.ts", code, ts.ScriptTarget.Latest, false);
  /** @type {{ start: number, end: number, whole: boolean }[]} */
  const strings = [];
  /** @type {{ start: number, end: number }[]} */
  const opaque = [];
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node)) {
      strings.push({ start: node.getStart(file) + 1, end: node.end - 1, whole: true });
    } else if (ts.isTemplateMiddleOrTemplateTail(node)) {
      strings.push({ start: node.getStart(file) + 1, end: node.end - 1, whole: false });
    } else if (ts.isRegularExpressionLiteral(node)) opaque.push({ start: node.getStart(file), end: node.end });
    ts.forEachChild(node, visit);
  };
  visit(file);
  const findings = strings.flatMap(({ start, end, whole }) =>
    moved(englishFindings(code.slice(start, end), { whole, label: true }), start),
  );
  for (const { start, prose } of comments(code, [...strings, ...opaque])) {
    findings.push(...moved(englishFindings(prose), start));
  }
  return findings.sort((a, b) => a.index - b.index);
}

/**
 * Findings in a Markdown document; code in it is not prose.
 * @param {string} text
 * @returns {Finding[]}
 */
export function englishInMarkdown(text) {
  const blank = (/** @type {string} */ code) => code.replaceAll(/[^\n]/g, "x");
  const prose = text
    .replaceAll(/^(`{3,})[^]*?^\1/gm, blank)
    .replaceAll(/`[^`\n]+`/g, blank)
    .replaceAll(/^[|#].*$/gm, (line) => line.replaceAll(/(?<=[|#] *)Wh/g, "wh"));
  return englishFindings(prose);
}

/**
 * The prose of comments, with everything else in them replaced by blanks, so that positions stay. Line comments that
 * follow each other are one.
 * @param {string} code
 * @param {{ start: number, end: number }[]} literals
 */
function comments(code, literals) {
  const spans = literals.sort((a, b) => a.start - b.start);
  /** @type {{ start: number, end: number, prose: string }[]} */
  const found = [];
  const pattern = /\/\*[^]*?\*\/|\/\/[^\n]*/g;
  let literal = 0;
  for (let match = pattern.exec(code); match; match = pattern.exec(code)) {
    const at = match.index;
    while (spans[literal] && /** @type {{ end: number }} */ (spans[literal]).end <= at) literal++;
    const span = spans[literal];
    if (span && span.start <= at) {
      pattern.lastIndex = span.end;
      continue;
    }
    const line = match[0].startsWith("//");
    const prose = match[0]
      .replace(/^\/\*+|^\/\/+|\*+\/$/g, (marks) => " ".repeat(marks.length))
      .replaceAll(/\*+\/$/g, (marks) => " ".repeat(marks.length))
      .replaceAll(/\n[^\S\n]*\*/g, (marks) => `\n${" ".repeat(marks.length - 1)}`);
    const last = found.at(-1);
    const between = last && code.slice(last.end, at);
    if (last && line && code.startsWith("//", last.start) && /^\n[^\S\n]*$/.test(between ?? "")) {
      last.prose += between + prose;
      last.end = at + match[0].length;
    } else found.push({ start: at, end: at + match[0].length, prose });
  }
  return found;
}

/**
 * @param {Finding[]} findings
 * @param {number} by
 */
function moved(findings, by) {
  return findings.map((finding) => ({ ...finding, index: finding.index + by, end: finding.end + by }));
}

/** @type {import("eslint").Rule.RuleModule} */
const plain = {
  meta: { type: "suggestion", schema: [], messages: { plain: "“{{text}}”: {{advice}}" } },
  create: (context) => ({
    Program() {
      const { sourceCode } = context;
      for (const { index, end, text, advice } of englishInCode(sourceCode.text)) {
        const loc = { start: sourceCode.getLocFromIndex(index), end: sourceCode.getLocFromIndex(end) };
        context.report({ loc, messageId: "plain", data: { text, advice } });
      }
    },
  }),
};

/** The ESLint plugin with the rule `english/plain`. */
export const english = { rules: { plain } };
