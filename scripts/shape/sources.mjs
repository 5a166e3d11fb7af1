/** Reads the modules of a checkout's `src/`: their imports, exported names and identifiers. */
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import ts from "typescript";

/**
 * @typedef {object} Source
 * @property {string} path Relative to `src/`, with slashes.
 * @property {number} lines
 * @property {string[]} imports Paths of the modules of `src/` that it imports, types included.
 * @property {string[]} types Names of the types, interfaces and classes that it declares and exports.
 * @property {string[]} values Names of the constants and functions that it declares and exports.
 * @property {Set<string>} words Its identifiers and the texts of its string literals.
 */

/**
 * Whether a file is a test or a stand-in for tests.
 * @param {string} path
 */
export function isForTests(path) {
  return path.endsWith(".test.ts") || path.split("/").includes("testing");
}

/**
 * All TypeScript modules under a folder, without unit tests.
 * @param {string} folder
 * @returns {Source[]}
 */
export function readSources(folder) {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"))
    .sort();
  const known = new Set(paths);
  return paths.map((path) => readSource(path, readFileSync(join(folder, path), "utf8"), known));
}

/**
 * @param {string} path
 * @param {string} text
 * @param {ReadonlySet<string>} known Paths that an import may lead to.
 * @returns {Source}
 */
export function readSource(path, text, known) {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, false);
  /** @type {Source} */
  const source = { path, lines: lineCount(text), imports: [], types: [], values: [], words: new Set() };
  /** @type {Set<string>} */
  const imports = new Set();
  /** @param {ts.Node} node */
  const visit = (node) => {
    const specifier = specifierOf(node);
    const target = specifier && resolve(path, specifier, known);
    if (target) imports.add(target);
    if (ts.isIdentifier(node) || ts.isPrivateIdentifier(node) || ts.isStringLiteral(node)) source.words.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(file);
  source.imports = [...imports];
  for (const statement of file.statements) {
    if (!ts.canHaveModifiers(statement)) continue;
    if (!ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) continue;
    if (ts.isTypeAliasDeclaration(statement) || ts.isInterfaceDeclaration(statement)) {
      source.types.push(statement.name.text);
    } else if (ts.isClassDeclaration(statement) && statement.name) {
      source.types.push(statement.name.text);
    } else if (ts.isFunctionDeclaration(statement) && statement.name) {
      source.values.push(statement.name.text);
    } else if (ts.isVariableStatement(statement)) {
      for (const { name } of statement.declarationList.declarations) {
        if (ts.isIdentifier(name)) source.values.push(name.text);
      }
    }
  }
  // A schema and the type that is inferred from it may share a name, and overloads repeat theirs.
  source.types = [...new Set(source.types)];
  source.values = [...new Set(source.values)].filter((name) => !source.types.includes(name));
  return source;
}

/**
 * The module that an import, a re-export, a dynamic import or an import type names.
 * @param {ts.Node} node
 * @returns {string | undefined}
 */
function specifierOf(node) {
  /** @type {ts.Node | undefined} */
  let specifier;
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) specifier = node.moduleSpecifier;
  else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    specifier = node.arguments[0];
  } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) specifier = node.argument.literal;
  return specifier && ts.isStringLiteral(specifier) ? specifier.text : undefined;
}

/**
 * @param {string} from
 * @param {string} specifier
 * @param {ReadonlySet<string>} known
 */
function resolve(from, specifier, known) {
  if (!specifier.startsWith(".")) return undefined;
  const base = posix.join(posix.dirname(from), specifier);
  return [base, `${base}.ts`, posix.join(base, "index.ts")].find((path) => known.has(path));
}

/** @param {string} text */
function lineCount(text) {
  return text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
}
