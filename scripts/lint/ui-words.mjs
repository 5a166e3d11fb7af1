/** The words of the page: people read about people, devices, owners, profiles and rules, while code keeps its own terms. */
import ts from "typescript";

/** Words of the code, with the word for people. */
const WORDS = [
  [/\bpeers?\b/i, "people, or devices"],
  [/\bcharters?\b/i, "rules"],
  [/\bfounders?\b/i, "owner"],
  [/\bhouses?\b/i, "profile, or organisation"],
  [/\bepochs?\b/i, "nothing: it is not for people"],
  [/\bdids?:|\bDIDs?\b/, "ID"],
  [/\bunverified\b/i, "nothing: only a check mark says something"],
];

/** Attributes that people see or hear. */
const SPOKEN = /\b(?:label|hint|placeholder|title|aria-label|alt)=(?:"([^"]*)"|`([^`]*)`)/g;

/**
 * The texts of a script that people see: sentences and labels in strings, and the text and labels of templates.
 * @param {string} code
 * @returns {{ text: string, line: number }[]}
 */
function textsOf(code) {
  const file = ts.createSourceFile("file.ts", code, ts.ScriptTarget.Latest, true);
  /** @type {{ text: string, line: number }[]} */
  const texts = [];
  /** @param {ts.Node} node @param {string} text */
  const add = (node, text) => {
    texts.push({ text, line: file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1 });
  };
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node) || ts.isLiteralTypeNode(node)) return;
    if (ts.isTaggedTemplateExpression(node)) {
      const tag = node.tag.getText(file);
      if (tag === "css") return;
      const pieces = ts.isNoSubstitutionTemplateLiteral(node.template)
        ? [node.template.text]
        : [node.template.head.text, ...node.template.templateSpans.map(({ literal }) => literal.text)];
      const markup = pieces.join("…");
      for (const [, quoted, templated] of markup.matchAll(SPOKEN)) add(node, quoted ?? templated ?? "");
      add(node, markup.replaceAll(/<!--[^]*?-->|<[^>]*>/g, " "));
      if (!ts.isNoSubstitutionTemplateLiteral(node.template))
        for (const { expression } of node.template.templateSpans) visit(expression);
      return;
    }
    if (ts.isStringLiteralLike(node) && isProse(node.text)) add(node, node.text);
    else if (ts.isTemplateExpression(node)) {
      const text = [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)].join("…");
      if (isProse(text)) add(node, text);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return texts;
}

/** Names in code are one word; texts have spaces, or begin with a capital. @param {string} text */
function isProse(text) {
  return /\s/.test(text.trim()) || /^[A-Z][a-z]+…?$/.test(text);
}

/**
 * The words of the code that people would read, with better ones.
 * @param {string} code
 * @returns {{ line: number, word: string, better: string }[]}
 */
export function uiWordFindings(code) {
  return textsOf(code).flatMap(({ text, line }) =>
    WORDS.flatMap(([pattern, better]) => {
      const word = /** @type {RegExp} */ (pattern).exec(text)?.[0];
      return word === undefined ? [] : [{ line, word, better: /** @type {string} */ (better) }];
    }),
  );
}
